import { mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { LockedDeb } from '../lock.ts';
import { ProvisionProblem } from '../problem.ts';
import { megabytes, type OnProgress } from '../progress.ts';
import { lastWords, succeeded } from '../run-command.ts';
import { addBlob, type BlobCache, missingBlobs } from '../store/blob-cache.ts';
import { watchGrowth } from '../store/watch-growth.ts';
import { type AptRoot, aptGet } from './private-root.ts';
import { aptName } from './resolve-debs.ts';

export interface FetchDebsOptions {
  readonly cache: BlobCache;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts every one of `debs` into the cache. apt checks each file against the signed index, and it is checked again against
 * the SHA-256 asked for.
 * @throws ProvisionProblem `mirror_unreachable` or `hash_mismatch`.
 */
export async function fetchDebs(
  root: AptRoot,
  debs: readonly LockedDeb[],
  options: FetchDebsOptions,
): Promise<void> {
  const missing = await missingBlobs(options.cache, debs);
  if (missing.length === 0) return;
  const total = megabytes(missing.reduce((sum, deb) => sum + deb.bytes, 0));
  const says = `downloading ${missing.length} Debian packages`;
  const folder = await mkdtemp(path.join(options.cache.folder, '.incoming-'));
  const report = (bytes: number) =>
    options.onProgress({ step: 'debs', says, done: Math.min(megabytes(bytes), total), total, unit: 'MB' });
  const stopWatching = watchGrowth(folder, report);
  try {
    report(0);
    const result = await aptGet(root, ['download', ...missing.map(aptName)], {
      cwd: folder,
      signal: options.signal,
    });
    if (!succeeded(result)) {
      throw new ProvisionProblem(
        'mirror_unreachable',
        `Debian packages could not be downloaded:\n${lastWords(result)}`,
        'Check the network and the mirror in the apt configuration of this host, then try again.',
      );
    }
    const arrived = new Set<string>();
    for (const file of await readdir(folder))
      arrived.add(await addBlob(options.cache, path.join(folder, file)));
    const wrong = missing.filter((deb) => !arrived.has(deb.sha256));
    if (wrong.length > 0) throw hashMismatch(wrong);
    report(total * 1_000_000);
  } finally {
    stopWatching();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The refusal of packages whose content is not what the lock says. */
export function hashMismatch(packages: readonly { name: string; version: string }[]): ProvisionProblem {
  const names = packages.map((item) => `${item.name} ${item.version}`).join(', ');
  return new ProvisionProblem(
    'hash_mismatch',
    `The content of ${names} is not what the lock says, so nothing was built from it.`,
    'Restore infra/sandbox-image/lock.json from git. If it is as committed, do not trust the mirror.',
  );
}
