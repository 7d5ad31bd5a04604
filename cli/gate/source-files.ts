import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_DIR } from '../stack/state-paths.ts';

/** Paths of the checkout that git knows or would add, relative to its root; ignored ones are left out. */
export function listFiles(): readonly string[] {
  const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT_DIR,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return output
    .split('\0')
    .filter((path) => path !== '' && statSync(join(ROOT_DIR, path), { throwIfNoEntry: false })?.isFile());
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT_DIR, path), 'utf8');
}
