import path from 'node:path';
import { gatherDebs } from './apt/gather-debs.ts';
import { type AptRoot, openAptRoot } from './apt/private-root.ts';
import { resolveDebs } from './apt/resolve-debs.ts';
import type { Lock, LockedDeb, LockedWheel, PackageChange } from './lock.ts';
import type { OnProgress } from './progress.ts';
import { recipe } from './recipe.ts';
import { type BlobCache, openBlobCache } from './store/blob-cache.ts';
import { fetchWheels } from './wheels/fetch-wheels.ts';

/** Everything that goes into one image, downloaded and checked. */
export interface GatheredPackages {
  readonly debs: readonly LockedDeb[];
  readonly debCache: BlobCache;
  readonly wheels: readonly LockedWheel[];
  readonly wheelCache: BlobCache;
  readonly changes: readonly PackageChange[];
  /** Set where PyPI could not be reached and Debian's own libraries stand in. */
  readonly withoutWheelsBecause?: string;
}

export interface GatherOptions {
  readonly stateDir: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/** Downloads the locked wheels and Debian packages, or Debian's own libraries where PyPI is out of reach. */
export async function gatherPackages(lock: Lock, options: GatherOptions): Promise<GatheredPackages> {
  const { stateDir, onProgress, signal } = options;
  const debCache = await openBlobCache(path.join(stateDir, 'downloads/debs'));
  const wheelCache = await openBlobCache(path.join(stateDir, 'downloads/wheels'));
  const openRoot = memoise(() => {
    onProgress({ step: 'index', says: `reading the signed package index of Debian ${recipe.debianSuite}` });
    return openAptRoot(path.join(stateDir, 'apt'), signal);
  });
  const fetchOptions = { cache: debCache, onProgress, signal };

  const base = await gatherDebs(lock.base, openRoot, resolveBase, fetchOptions);
  const fetched = await fetchWheels(lock.wheels, { cache: wheelCache, onProgress, signal });
  if (fetched.kind === 'fetched') {
    return { debs: base.debs, debCache, wheels: lock.wheels, wheelCache, changes: base.changes };
  }
  onProgress({
    step: 'wheels',
    says: `PyPI cannot be reached (${fetched.reason}); building with Debian's own libraries instead`,
  });
  const libraries = await gatherDebs(lock.debianLibraries, openRoot, resolveLibraries, fetchOptions);
  return {
    debs: [...base.debs, ...libraries.debs],
    debCache,
    wheels: [],
    wheelCache,
    changes: [...base.changes, ...libraries.changes],
    withoutWheelsBecause: fetched.reason,
  };
}

export const resolveBase = (root: AptRoot): Promise<LockedDeb[]> =>
  resolveDebs(root, recipe.basePackages, recipe.notUnpacked);

/** What Debian's own libraries need beyond the base. */
export async function resolveLibraries(root: AptRoot): Promise<LockedDeb[]> {
  const libraries = Object.values(recipe.debianLibraries);
  const base = await resolveBase(root);
  const leftOut = [...recipe.notUnpacked, ...base.map((deb) => deb.name)];
  return resolveDebs(root, [...recipe.basePackages, ...libraries], leftOut);
}

function memoise<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
