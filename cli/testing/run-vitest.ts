import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { type Counts, countResults } from './count-results.ts';

/** Runs the tests whose file or title matches, shows them as they end, and counts them. */
export async function runVitest(filters: readonly string[]): Promise<Counts> {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-vitest-'));
  const report = join(dir, 'report.json');
  try {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        join(ROOT_DIR, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...filters,
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
