import { DURABLE_OBJECTS } from '../../infra/workerd/config.ts';
import { SETTINGS } from '../settings/schema.ts';
import { readSource } from './source-files.ts';

/** Durable Objects that `wrangler.toml` and plain workerd's configuration do not both have. */
export function compareBindings(): readonly string[] {
  const toml = readSource('wrangler.toml');
  const declared = [...toml.matchAll(/^name = "(\w+)"\nclass_name = "(\w+)"/gm)].map(
    ([, name, type]) => `${name} (${type})`,
  );
  const served = Object.entries(DURABLE_OBJECTS).map(([name, type]) => `${name} (${type})`);
  return [
    ...declared
      .filter((binding) => !served.includes(binding))
      .map((binding) => `only in wrangler.toml: ${binding}`),
    ...served
      .filter((binding) => !declared.includes(binding))
      .map((binding) => `only in infra/workerd/config.ts: ${binding}`),
  ];
}

/** Text settings that `worker/env.ts` and the schema of settings do not both have. */
export function compareSettings(): readonly string[] {
  const read = [
    ...readSource('worker/env.ts').matchAll(/^ {2}readonly ([A-Z][A-Z_]+)\??: (?:string|'[^;]*');/gm),
  ].map(([, name = '']) => name);
  const described = Object.entries(SETTINGS).flatMap(([name, { of }]) => (of === 'worker' ? [name] : []));
  return [
    ...read
      .filter((name) => !described.includes(name))
      .map((name) => `worker/env.ts reads ${name}, cli/settings/schema.ts does not describe it`),
    ...described
      .filter((name) => !read.includes(name))
      .map((name) => `cli/settings/schema.ts describes ${name}, worker/env.ts does not read it`),
  ];
}
