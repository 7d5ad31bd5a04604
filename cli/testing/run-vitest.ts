import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { type Counts, countResults } from './count-results.ts';
import type { TestGroup } from './test-groups.ts';

/** Runs the tests of a group whose path contains `pattern`, shows them as they end, and counts them. */
export async function runVitest(group: TestGroup, pattern: string | undefined): Promise<Counts> {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-vitest-'));
  const report = join(dir, 'report.json');
  try {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        join(ROOT_DIR, 'node_modules/vitest/vitest.mjs'),
        'run',
        `--project=${group.name}`,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...(pattern === undefined ? [] : [pattern]),
      ],
      { cwd: ROOT_DIR, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    const text = existsSync(report) ? readFileSync(report, 'utf8') : null;
    return countResults(text, code);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
