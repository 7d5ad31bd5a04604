import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LockedWheel } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { addBlob, type BlobCache } from '../store/blob-cache.ts';
import { pipDownload } from './pip-download.ts';

/** Name and version of a wheel by its file name (PEP 427), the name normalised (PEP 503). */
function wheelIdentity(filename: string): { name: string; version: string } {
  const [name = '', version = ''] = filename.split('-');
  return { name: name.replace(/[-_.]+/g, '-').toLowerCase(), version };
}

/** Resolves `requirements` with all dependencies to the newest wheels and keeps them in the cache, sorted by name. */
export async function resolveWheels(
  requirements: readonly string[],
  cache: BlobCache,
): Promise<LockedWheel[]> {
  const folder = await mkdtemp(path.join(cache.folder, '.incoming-'));
  try {
    const outcome = await pipDownload(requirements, folder, {});
    if (outcome.kind !== 'downloaded') {
      throw new ProvisionProblem(
        'wheel_gone',
        `pip could not resolve the recipe's Python packages:\n${outcome.reason}`,
        'Check the network and the pip configuration of this host, then try again.',
      );
    }
    const wheels: LockedWheel[] = [];
    for (const filename of (await readdir(folder)).filter((file) => file.endsWith('.whl'))) {
      const file = path.join(folder, filename);
      const { size: bytes } = await stat(file);
      wheels.push({ ...wheelIdentity(filename), filename, bytes, sha256: await addBlob(cache, file) });
    }
    return wheels.sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
