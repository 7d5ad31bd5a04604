import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { LockedWheel } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { lastWords, runCommand, succeeded } from '../run-command.ts';
import { type BlobCache, blobFile } from '../store/blob-cache.ts';

/**
 * Unpacks wheels into one folder, as PEP 427 lays them out. pip is not used for this: it would write the host's own
 * interpreter into scripts and its own name into records, and the digest would depend on the host.
 */
export async function unpackWheels(
  wheels: readonly LockedWheel[],
  cache: BlobCache,
  target: string,
  onUnpacked: (count: number) => void,
): Promise<void> {
  await mkdir(target, { recursive: true });
  let count = 0;
  for (const wheel of wheels) {
    const result = await runCommand(
      'python3',
      ['-m', 'zipfile', '-e', blobFile(cache, wheel.sha256), target],
      {
        timeoutMs: 120_000,
      },
    );
    if (!succeeded(result)) {
      throw new ProvisionProblem(
        'build_step_failed',
        `${wheel.filename} could not be unpacked:\n${lastWords(result)}`,
        'Check that python3 works and that the disk is not full, then try again.',
      );
    }
    onUnpacked(++count);
  }
  await spreadDataFolders(target);
}

/** `X.data/{purelib,platlib}` belong beside the packages; scripts, headers and manual pages are of no use in a sandbox. */
async function spreadDataFolders(target: string): Promise<void> {
  const folders = (await readdir(target)).filter((name) => name.endsWith('.data')).sort();
  for (const folder of folders) {
    for (const scheme of ['purelib', 'platlib']) {
      const source = path.join(target, folder, scheme);
      await cp(source, target, { recursive: true }).catch(ignoreAbsent);
    }
    await rm(path.join(target, folder), { recursive: true });
  }
}

const ignoreAbsent = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error;
};
