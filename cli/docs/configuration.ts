import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { SETTINGS, type Setting } from '../settings/schema.ts';

/** `docs/configuration.md`: every setting and every limit. */
export function printConfigurationPage(): string {
  const settings = Object.entries(SETTINGS) as [string, Setting][];
  const of = (kind: Setting['of']): string =>
    settings
      .filter(([, setting]) => setting.of === kind)
      .map(([name, setting]) => describeSetting(name, setting))
      .join('\n');
  const limits = Object.entries(LIMITS)
    .map(
      ([name, { value, unit, enforced_by, says }]) =>
        `| \`${name}\` | ${describeQuantity(value, unit)} | ${says} | ${enforced_by} |`,
    )
    .join('\n');
  return `# Configuration

<!-- Made by \`./causeway check --write\` from cli/settings/schema.ts and protocol/limits.ts; edit those. -->

\`./causeway up\` sets everything itself. A deployment sets the Worker's settings: plain ones as variables in
\`wrangler.toml\`, secret ones with \`npx wrangler secret put NAME\`. Bindings (Durable Objects, R2) are commented in
\`wrangler.toml\`.

## Settings of the Worker

| name | what | when absent | example |
|---|---|---|---|
${of('worker')}

## Environment of \`./causeway\`

| name | what | when absent | example |
|---|---|---|---|
${of('command')}

## Limits

A run that meets a limit says which, by the name given here, and so does an error.

| name | value | bounds | enforced by |
|---|---|---|---|
${limits}
`;
}

function describeSetting(name: string, setting: Setting): string {
  const secret = setting.secret ? ' **Secret.**' : '';
  return `| \`${name}\` | ${setting.says}${secret} | ${setting.absent ?? '**must be set**'} | \`${setting.example.replaceAll('|', '\\|')}\` |`;
}
