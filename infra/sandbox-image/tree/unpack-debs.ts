import type { LockedDeb } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { lastWords, runCommand, succeeded } from '../run-command.ts';
import { type BlobCache, blobFile } from '../store/blob-cache.ts';

/** Unpacks packages over `target`. No maintainer script runs. */
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
}
