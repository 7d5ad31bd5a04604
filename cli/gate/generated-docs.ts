import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readMatrix } from '../compliance/matrix.ts';
import { printMatrix } from '../compliance/print-matrix.ts';
import { readDeepReport } from '../deep/deep-report.ts';
import { printDeepReport } from '../deep/print-report.ts';
import { printApiSurface } from '../docs/api-surface.ts';
import { printConfigurationPage } from '../docs/configuration.ts';
import { printErrorsPage } from '../docs/errors.ts';
import { printKnownMigrations } from '../docs/known-migrations.ts';
import { printMcpOffer } from '../docs/mcp-offer.ts';
import { printOpenApi } from '../docs/openapi.ts';
import { printTestChecklist } from '../docs/test-checklist.ts';
import { readGuarantees } from '../guarantees/read-guarantees.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { listFiles, readSource } from './source-files.ts';

const PAGES: readonly { readonly path: string; readonly print: () => string | Promise<string> }[] = [
  { path: 'docs/configuration.md', print: printConfigurationPage },
  { path: 'docs/errors.md', print: printErrorsPage },
  { path: 'docs/mcp-offer.md', print: printMcpOffer },
  { path: 'docs/openapi.json', print: printOpenApi },
  { path: 'docs/security/api-surface.md', print: printApiSurface },
  {
    path: 'docs/security/deep-report.md',
    print: () => printDeepReport(readDeepReport(readSource('docs/security/deep-report.json'))),
  },
  {
    path: 'docs/security/test-checklist.md',
    print: () => printTestChecklist(testFiles(), readSource('SECURITY.md')),
  },
  {
    path: 'compliance/README.md',
    print: () =>
      printMatrix(
        readMatrix(readSource('compliance/matrix.json')),
        readGuarantees(readSource('SECURITY.md')),
      ),
  },
  { path: 'worker/database/known-migrations.ts', print: printKnownMigrations },
];

function testFiles(): readonly { readonly path: string; readonly text: string }[] {
  return listFiles()
    .filter((path) => path.endsWith('.test.ts'))
    .sort()
    .map((path) => ({ path, text: readSource(path) }));
}

/** Generated pages that are not what they would be made to now. */
export async function findStaleDocs(): Promise<readonly string[]> {
  const judged = await Promise.all(
    PAGES.map(async ({ path, print }) =>
      readPage(path) === (await print()) ? [] : [`${path} is not current`],
    ),
  );
  return judged.flat();
}

export async function writeDocs(): Promise<void> {
  for (const { path, print } of PAGES) {
    mkdirSync(dirname(join(ROOT_DIR, path)), { recursive: true });
    writeFileSync(join(ROOT_DIR, path), await print());
  }
}

function readPage(path: string): string | null {
  const file = join(ROOT_DIR, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
