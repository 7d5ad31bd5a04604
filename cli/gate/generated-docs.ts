import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printConfigurationPage } from '../docs/configuration.ts';
import { printErrorsPage } from '../docs/errors.ts';
import { printOpenApi } from '../docs/openapi.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';

const PAGES = [
  { path: 'docs/configuration.md', print: printConfigurationPage },
  { path: 'docs/errors.md', print: printErrorsPage },
  { path: 'docs/openapi.json', print: printOpenApi },
];

/** Generated pages that are not what they would be made to now. */
export function findStaleDocs(): readonly string[] {
  return PAGES.filter(({ path, print }) => readPage(path) !== print()).map(
    ({ path }) => `${path} is not current`,
  );
}

export function writeDocs(): void {
  mkdirSync(join(ROOT_DIR, 'docs'), { recursive: true });
  for (const { path, print } of PAGES) writeFileSync(join(ROOT_DIR, path), print());
}

function readPage(path: string): string | null {
  const file = join(ROOT_DIR, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
