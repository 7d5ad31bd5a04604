import { stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { LockedDeb } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { recipe } from '../recipe.ts';
import { lastWords, runCommand, succeeded } from '../run-command.ts';
import { type BlobCache, blobFile } from '../store/blob-cache.ts';

/** Unpacks packages over `target`. No maintainer script runs; the links that two of them would make are made here. */
export async function unpackDebs(
  debs: readonly LockedDeb[],
  cache: BlobCache,
  target: string,
  onUnpacked: (count: number) => void = () => {},
): Promise<void> {
  let count = 0;
  for (const deb of debs) {
    const result = await runCommand('dpkg-deb', ['-x', blobFile(cache, deb.sha256), target], {
      timeoutMs: 60_000,
    });
    if (!succeeded(result)) {
      throw new ProvisionProblem(
        'build_step_failed',
        `The Debian package ${deb.name} could not be unpacked:\n${lastWords(result)}`,
        'Check that dpkg-deb is there and that the disk is not full, then try again.',
      );
    }
    onUnpacked(++count);
  }
  await linkAlternatives(target);
}

async function linkAlternatives(target: string): Promise<void> {
  for (const [link, destination] of Object.entries(recipe.alternatives)) {
    const file = path.join(target, link);
    const isThere = await stat(path.join(path.dirname(file), destination)).catch(() => undefined);
    if (isThere) await symlink(destination, file);
  }
}
