import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hashMismatch } from '../apt/fetch-debs.ts';
import type { LockedWheel } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { megabytes, type OnProgress } from '../progress.ts';
import { addBlob, type BlobCache, missingBlobs } from '../store/blob-cache.ts';
import { watchGrowth } from '../store/watch-growth.ts';
import { pipDownload } from './pip-download.ts';

export interface FetchWheelsOptions {
  readonly cache: BlobCache;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/** `reason` is pip's own account of why the index cannot be reached. */
export type FetchedWheels =
  | { readonly kind: 'fetched' }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** A requirements file that admits exactly the locked files. */
const requirementsText = (wheels: readonly LockedWheel[]): string =>
  wheels.map((wheel) => `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`).join('');

/**
 * Puts every locked wheel into the cache.
 * @throws ProvisionProblem `hash_mismatch`, or `wheel_gone` where the index answers and lacks a locked version.
 */
export async function fetchWheels(
  wheels: readonly LockedWheel[],
  options: FetchWheelsOptions,
): Promise<FetchedWheels> {
  const missing = await missingBlobs(options.cache, wheels);
  if (missing.length === 0) return { kind: 'fetched' };
  const total = megabytes(missing.reduce((sum, wheel) => sum + wheel.bytes, 0));
  const says = `downloading ${missing.length} Python wheels`;
  const folder = await mkdtemp(path.join(options.cache.folder, '.incoming-'));
  const report = (bytes: number) =>
    options.onProgress({ step: 'wheels', says, done: Math.min(megabytes(bytes), total), total, unit: 'MB' });
  const stopWatching = watchGrowth(folder, report);
  try {
    report(0);
    const requirements = path.join(folder, 'requirements.txt');
    await writeFile(requirements, requirementsText(missing));
    const wheelFolder = path.join(folder, 'wheels');
    await mkdir(wheelFolder);
    const args = ['--require-hashes', '--no-deps', '--requirement', requirements];
    const outcome = await pipDownload(args, wheelFolder, { signal: options.signal });
    switch (outcome.kind) {
      case 'unreachable':
        return outcome;
      case 'hash_mismatch':
        throw hashMismatch([{ name: 'a Python wheel', version: `(pip: ${outcome.reason})` }]);
      case 'gone':
        throw new ProvisionProblem(
          'wheel_gone',
          `The Python index does not have a locked wheel any more:\n${outcome.reason}`,
          'Make a new lock with `node infra/sandbox-image/build.ts --update-lock`, look at what changed, and commit it.',
        );
      case 'downloaded':
        break;
    }
    await keepLocked(missing, wheelFolder, options.cache);
    report(total * 1_000_000);
    return { kind: 'fetched' };
  } finally {
    stopWatching();
    await rm(folder, { recursive: true, force: true });
  }
}

async function keepLocked(wheels: readonly LockedWheel[], folder: string, cache: BlobCache): Promise<void> {
  const arrived = new Set<string>();
  for (const file of await readdir(folder)) {
    if (file.endsWith('.whl')) arrived.add(await addBlob(cache, path.join(folder, file)));
  }
  const wrong = wheels.filter((wheel) => !arrived.has(wheel.sha256));
  if (wrong.length > 0) throw hashMismatch(wrong);
}
