import { type LockedDeb, type PackageChange, packageChanges } from '../lock.ts';
import { missingBlobs } from '../store/blob-cache.ts';
import { type FetchDebsOptions, fetchDebs, hashMismatch } from './fetch-debs.ts';
import type { AptRoot } from './private-root.ts';
import { aptName, lookUpVersions } from './resolve-debs.ts';

export interface GatheredDebs {
  readonly debs: readonly LockedDeb[];
  /** Empty where every package is the locked one. */
  readonly changes: readonly PackageChange[];
}

/**
 * Brings the locked packages into the cache. Debian's mirrors drop a version when its successor arrives: then the whole
 * closure is resolved anew (still only what Debian signed), and what changed is listed. A version that is still there must be what was locked.
 * @param openRoot opened only when something is missing from the cache, so that a warm build needs no network
 * @param resolve the closure as the mirror has it now
 */
export async function gatherDebs(
  locked: readonly LockedDeb[],
  openRoot: () => Promise<AptRoot>,
  resolve: (root: AptRoot) => Promise<readonly LockedDeb[]>,
  options: FetchDebsOptions,
): Promise<GatheredDebs> {
  const missing = await missingBlobs(options.cache, locked);
  if (missing.length === 0) return { debs: locked, changes: [] };
  const root = await openRoot();
  const offered = await lookUpVersions(root, missing);
  if (offered) {
    const hashes = hashesOf(offered);
    const wrong = missing.filter((deb) => hashes.get(aptName(deb)) !== deb.sha256);
    if (wrong.length > 0) throw hashMismatch(wrong);
    await fetchDebs(root, missing, options);
    return { debs: locked, changes: [] };
  }
  const debs = await resolve(root);
  const hashes = hashesOf(debs);
  const forged = locked.filter((deb) => (hashes.get(aptName(deb)) ?? deb.sha256) !== deb.sha256);
  if (forged.length > 0) throw hashMismatch(forged);
  await fetchDebs(root, debs, options);
  return { debs, changes: packageChanges(locked, debs) };
}

const hashesOf = (debs: readonly LockedDeb[]) => new Map(debs.map((deb) => [aptName(deb), deb.sha256]));
