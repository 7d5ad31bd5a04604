import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { readReport, type TestReport } from './read-report.ts';
import { openRunFolder } from './run-folder.ts';
import type { TestGroup } from './test-groups.ts';

/** Runs the tests of a group whose path contains one of `patterns` (none: all), and shows them on `shownOn` as they end. */
export async function runVitest(
  group: TestGroup,
  patterns: readonly string[],
  shownOn: NodeJS.WriteStream = process.stdout,
): Promise<TestReport> {
  openRunFolder();
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
        ...patterns,
      ],
      { cwd: ROOT_DIR, stdio: ['ignore', shownOn, process.stderr] },
    );
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    const text = existsSync(report) ? readFileSync(report, 'utf8') : null;
    return readReport(text, code, ROOT_DIR);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
