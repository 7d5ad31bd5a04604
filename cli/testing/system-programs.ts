import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/failure.ts';
import { printNote } from '../terminal/print.ts';

/** Programs of the system that tests use: as a second opinion, and the browser; with the Debian package that has each. */
const PROGRAMS = {
  git: 'git',
  openssl: 'openssl',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  chromium: 'chromium',
};

/** Installs what tests need and the machine lacks, where this is root on a Debian; says what is missing elsewhere. */
export function ensureSystemPrograms(): void {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isOnPath(program));
  const packages = [...new Set(missing.map(([, name]) => name))];
  if (packages.length === 0) return;
  if (process.getuid?.() === 0 && isOnPath('apt-get')) {
    printNote(`  installing ${packages.join(', ')} with apt`);
    const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    spawnSync('apt-get', ['update'], options);
    const { status } = spawnSync(
      'apt-get',
      ['install', '-y', '--no-install-recommends', ...packages],
      options,
    );
    if (status === 0) return;
  }
  throw new Failure({
    what: `The tests need ${missing.map(([program]) => program).join(', ')}.`,
    why: 'they compare with these programs of the system, and none is skipped',
    remedy: `install: ${packages.join(' ')}`,
  });
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
