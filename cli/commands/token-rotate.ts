import { type Command, Option } from 'commander';
import { ID_PREFIXES, parseId } from '../../protocol/ids.ts';
import { asOperator } from '../database/operator.ts';
import { parseLifetime, parseLifetimeOrNever } from '../identity/expiry.ts';
import { rotateToken } from '../identity/rotate-token.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type TenantOptions, tenantOf, withTenant } from './tenant-option.ts';

const DAY_MS = 86_400_000;

/** `token rotate` and `token limit`: how long tokens live. */
export function registerTokenLifetime(token: Command): void {
  withTenant(token.command('rotate'))
    .summary('make a successor, and end the old one a little later')
    .description(
      'Makes a token that may do the same as long, and prints it, once. The old one goes on for the overlap, so that what uses it can change over.',
    )
    .argument('<token>', `the old one's id (${ID_PREFIXES.token}_...)`)
    .addOption(
      new Option('--overlap <time>', 'how long the old one still holds: 5m, 1h, 1d')
        .default(DAY_MS, '1d')
        .argParser(parseLifetime),
    )
    .addHelpText('after', '\nExample:\n  $ ./causeway token rotate tok_01jd... --overlap 1h')
    .action(rotate);

  withTenant(token.command('limit'))
    .summary('bound how long new tokens of the tenant may live')
    .argument('<time>', '90d; or never, to lift the bound', parseLifetimeOrNever)
    .addHelpText('after', '\nExamples:\n  $ ./causeway token limit 30d\n  $ ./causeway token limit never')
    .action(limit);
}

async function rotate(id: string, options: TenantOptions & { readonly overlap: number }): Promise<void> {
  const old = parseId('token', id);
  const rotated =
    old === null
      ? null
      : await asOperator(await ownerUrlOf(options), (operator) =>
          rotateToken(operator, old, options.overlap),
        );
  if (rotated === null) {
    throw new Failure({
      what: `No token ${id} was rotated.`,
      why: 'there is none with this id that is alive',
      remedy: './causeway token list shows the ids',
    });
  }
  if (options.json) {
    printJson({
      id: rotated.id,
      token: rotated.text,
      expires_at: rotated.expiresAt,
      old: { id: old, expires_at: rotated.oldUntil },
    });
    return;
  }
  printResult(rotated.text);
  printNote(
    `  ${rotated.id}, ${rotated.expiresAt ? `until ${rotated.expiresAt.toISOString()}` : 'until it is revoked'}. It is not shown again. ${id} holds until ${rotated.oldUntil.toISOString()}.`,
  );
}

async function limit(lifetimeMsMax: number | null, options: TenantOptions): Promise<void> {
  const tenant = tenantOf(options);
  const isThere = await asOperator(await ownerUrlOf(options), (operator) =>
    operator.capTokenLifetime(tenant, lifetimeMsMax),
  );
  if (!isThere) {
    throw new Failure({
      what: 'The bound was not set.',
      why: `there is no tenant ${tenant}`,
      remedy: 'name another: --tenant ten_...',
    });
  }
  if (options.json)
    printJson({ tenant, lifetime_days_max: lifetimeMsMax === null ? null : lifetimeMsMax / DAY_MS });
  else
    printNote(
      lifetimeMsMax === null
        ? 'New tokens may live for ever.'
        : `New tokens live ${lifetimeMsMax / DAY_MS} days at most.`,
    );
}
