import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ROOT_DIR } from '../../stack/state-paths.ts';

/** Which source stands for which file while a test file is loaded, by URL; `generation` makes the URLs of a load new. */
interface Load {
  readonly generation: number;
  readonly target: string;
  readonly source: string;
}

const ROOT = pathToFileURL(`${ROOT_DIR}/`).href;
const LIBRARIES = `${ROOT}node_modules/`;
const OWN = new URL('.', import.meta.url).href;
const TESTS = new URL('collect-tests.ts', import.meta.url).href;
/** Who imports each of our modules, as far as it was seen. */
const importers = new Map<string, Set<string>>();
let load: Load | null = null;
/** The target and all that import it, by whatever detour: they are evaluated anew with it, everything else is shared. */
let renewed: ReadonlySet<string> = new Set();

/** Has modules loaded by {@link importWith} see the mutant, and test files the words of `collect-tests.ts`. Once a process. */
export function registerLoader(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const parent = withoutQuery(context.parentURL ?? '');
      if (specifier === 'vitest' && !parent.startsWith(OWN) && isOurs(parent))
        return { url: TESTS, shortCircuit: true };
      const resolved = next(specifier, context);
      const url = withoutQuery(resolved.url);
      if (!isOurs(url) || url.startsWith(OWN)) return resolved;
      importers.set(url, (importers.get(url) ?? new Set()).add(parent));
      const isRenewed = load !== null && renewed.has(url);
      return isRenewed ? { ...resolved, url: `${url}?mutant=${load?.generation}` } : resolved;
    },
    load(url, context, next) {
      const plain = withoutQuery(url);
      // As in vitest.config.ts, and the rules of wrangler.toml.
      if (/\.(py|md)$/.test(plain)) {
        const text = readFileSync(fileURLToPath(plain), 'utf8');
        return { format: 'module', source: `export default ${JSON.stringify(text)}`, shortCircuit: true };
      }
      if (load === null || plain !== load.target || plain === url) return next(url, context);
      return { format: 'module-typescript', source: load.source, shortCircuit: true };
    },
  });
}

/** Imports `file` where `source` stands for `target`; all three are below the root, and each call gets modules of its own. */
export async function importWith(file: string, target: string, source: string): Promise<void> {
  const generation = (load?.generation ?? 0) + 1;
  load = { generation, target: ROOT + target, source };
  renewed = reaching(load.target);
  await import(`${ROOT}${file}?mutant=${generation}`);
}

/** Whether importing `file` was seen to import `target`. */
export function reaches(file: string, target: string): boolean {
  return reaching(ROOT + target).has(ROOT + file);
}

function reaching(target: string): ReadonlySet<string> {
  const found = new Set([target]);
  for (const url of found) for (const importer of importers.get(url) ?? []) found.add(importer);
  return found;
}

function withoutQuery(url: string): string {
  return url.split('?')[0] ?? url;
}

function isOurs(url: string): boolean {
  return url.startsWith(ROOT) && !url.startsWith(LIBRARIES);
}
