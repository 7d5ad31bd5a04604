import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LockedWheel } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { type BlobCache, blobFile } from '../store/blob-cache.ts';
import { isFileUnneeded } from '../tree/unneeded.ts';
import { listZip, readZipEntry } from './read-zip.ts';

/** Files that are inflated at the same time, on Node's thread pool, while the main thread writes those that are ready. */
const filesAtOnce = 4;

/**
 * Unpacks wheels into one folder of the image, as PEP 427 lays them out, but for what the image does not need: a third of
 * their files, and making files is what takes the time. pip is not used for this: it would write the host's own
 * interpreter into scripts and its own name into records, and the digest would depend on the host.
 */
export async function unpackWheels(
  wheels: readonly LockedWheel[],
  cache: BlobCache,
  target: { readonly root: string; readonly folder: string },
  onUnpacked: (count: number) => void,
): Promise<void> {
  let count = 0;
  for (const wheel of wheels) {
    try {
      await unpackWheel(await readFile(blobFile(cache, wheel.sha256)), target);
    } catch (error) {
      throw new ProvisionProblem(
        'build_step_failed',
        `${wheel.filename} could not be unpacked: ${error instanceof Error ? error.message : error}`,
        'Check that the disk is not full, then try again.',
      );
    }
    onUnpacked(++count);
  }
}

/**
 * Where a file of a wheel belongs: `X.data/purelib` and `X.data/platlib` beside the packages; scripts, headers and manual
 * pages are of no use in a sandbox and belong nowhere.
 */
export function placeOf(name: string): string | undefined {
  if (name.endsWith('/')) return undefined;
  const [, scheme, rest] = /^[^/]+\.data\/([^/]+)\/(.+)$/.exec(name) ?? [];
  const place = scheme === undefined ? name : rest;
  if (scheme !== undefined && scheme !== 'purelib' && scheme !== 'platlib') return undefined;
  if (place === undefined || path.isAbsolute(place) || place.split('/').includes('..')) {
    throw new Error(`${name} would be written outside the image`);
  }
  return place;
}

async function unpackWheel(
  zip: Buffer,
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<void> {
  const files = listZip(zip).flatMap((entry) => {
    const place = placeOf(entry.name);
    if (place === undefined || isFileUnneeded(`${folder.slice(1)}/${place}`)) return [];
    return [{ entry, file: path.join(root, folder, place) }];
  });
  for (const parent of new Set(files.map(({ file }) => path.dirname(file))))
    mkdirSync(parent, { recursive: true });
  const queue = files.values();
  const work = async () => {
    for (const { entry, file } of queue) writeFileSync(file, await readZipEntry(zip, entry));
  };
  await Promise.all(Array.from({ length: filesAtOnce }, work));
}
