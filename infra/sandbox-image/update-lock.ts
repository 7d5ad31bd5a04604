import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openAptRoot } from './apt/private-root.ts';
import { committedLock } from './ensure-image.ts';
import { resolveBase, resolveLibraries } from './gather-packages.ts';
import { type Lock, type PackageChange, packageChanges, parseLock, printLock } from './lock.ts';
import type { OnProgress } from './progress.ts';
import { recipe } from './recipe.ts';
import { openBlobCache } from './store/blob-cache.ts';
import { holdLock } from './store/hold-lock.ts';
import { resolveWheels } from './wheels/resolve-wheels.ts';

/** Resolves the recipe anew, writes `lock.json`, and returns what changed in it. */
export function updateLock(stateDir: string, onProgress: OnProgress): Promise<PackageChange[]> {
  return holdLock(
    stateDir,
    () => {},
    async () => {
      onProgress({ step: 'index', says: 'resolving Debian packages' });
      const root = await openAptRoot(path.join(stateDir, 'apt'));
      const base = await resolveBase(root);
      const debianLibraries = await resolveLibraries(root);
      onProgress({ step: 'wheels', says: 'resolving Python wheels' });
      const cache = await openBlobCache(path.join(stateDir, 'downloads/wheels'));
      const wheels = await resolveWheels(recipe.wheels, cache);

      const before = await readFile(committedLock, 'utf8')
        .then(parseLock)
        .catch(() => undefined);
      const after: Lock = { base, wheels, debianLibraries };
      await writeFile(`${committedLock}.new`, printLock(after));
      await rename(`${committedLock}.new`, committedLock);
      // One list after the other: a name like tzdata stands in two of them.
      return (['base', 'wheels', 'debianLibraries'] as const).flatMap((list) =>
        packageChanges(before?.[list] ?? [], after[list]),
      );
    },
  );
}
