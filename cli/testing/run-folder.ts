import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mountPointsUnder } from '../../executor/sandbox/mounts.ts';

const RUN_FOLDER = /^causeway-tests-(\d+)$/;

/**
 * Makes the folder of this test run, and TMPDIR of it and its processes: all that tests write outside of the checkout lies
 * below. It is removed when this process ends. One that was killed cannot, so its folder bears its pid, and the next run
 * removes what belongs to nobody any more. Within a run it is the one that there is.
 */
export function openRunFolder(): void {
  const root = tmpdir();
  if (RUN_FOLDER.test(basename(root))) return;
  sweepRunFolders(root);
  const dir = join(root, `causeway-tests-${process.pid}`);
  mkdirSync(dir);
  // As /tmp is: Postgres, apt and programs of sandboxes are other users.
  chmodSync(dir, 0o1777);
  process.env.TMPDIR = dir;
  process.once('exit', () => {
    try {
      removeFolder(dir);
    } catch {
      // Something writes there still: the next run removes it.
    }
  });
}

/** Removes the folders of runs of this user whose process is gone, or had the pid that this one has now. */
export function sweepRunFolders(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = RUN_FOLDER.exec(name)?.[1];
    if (pid === undefined || (pid !== `${process.pid}` && existsSync(`/proc/${pid}`))) continue;
    const dir = join(root, name);
    if (statSync(dir, { throwIfNoEntry: false })?.uid === process.getuid?.()) removeFolder(dir);
  }
}

/** What is mounted below goes first: what it shows belongs to others. */
function removeFolder(dir: string): void {
  const mounted = () => mountPointsUnder(readFileSync('/proc/self/mountinfo', 'utf8'), dir);
  const points = mounted();
  if (points.length > 0) spawnSync('umount', ['--lazy', ...points]);
  if (mounted().length === 0) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}
