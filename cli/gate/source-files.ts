import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_DIR } from '../stack/state-paths.ts';

/** Paths of the checkout that git knows or would add, relative to its root; ignored ones are left out. */
export function listFiles(): readonly string[] {
  return git('ls-files', '-z', '--cached', '--others', '--exclude-standard')
    .split('\0')
    .filter((path) => path !== '' && statSync(join(ROOT_DIR, path), { throwIfNoEntry: false })?.isFile());
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT_DIR, path), 'utf8');
}

/** The commits that led to this checkout; null where it is a shallow clone, which has not all of them. */
export function listCommits(): ReadonlySet<string> | null {
  if (git('rev-parse', '--is-shallow-repository').trim() === 'true') return null;
  return new Set(git('rev-list', 'HEAD').split('\n'));
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: ROOT_DIR, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
