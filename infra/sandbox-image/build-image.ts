import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { describeImage } from './describe-image.ts';
import type { GatheredPackages } from './gather-packages.ts';
import { megabytes, type OnProgress } from './progress.ts';
import { recipe } from './recipe.ts';
import { openBuildFolder, placeImage, type SandboxImage } from './store/image-store.ts';
import { digestTree, type TarDigest } from './tree/canonical-tar.ts';
import { compileBytecode } from './tree/compile-bytecode.ts';
import { prepareFonts } from './tree/prepare-fonts.ts';
import { stripTree } from './tree/strip-tree.ts';
import { tidyTree } from './tree/tidy-tree.ts';
import { unpackDebs } from './tree/unpack-debs.ts';
import { writeSkeleton } from './tree/write-skeleton.ts';
import { unpackWheels } from './wheels/unpack-wheels.ts';

export interface BuildOptions {
  readonly stateDir: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

const ownPython = path.join(import.meta.dirname, 'python');

/** Builds an image from gathered packages and moves it into place. Nothing is left behind when it fails. */
export async function buildImage(
  gathered: GatheredPackages,
  createdFrom: string,
  options: BuildOptions,
): Promise<SandboxImage> {
  const folder = await openBuildFolder(options.stateDir);
  try {
    const written = await fillTree(path.join(folder, 'rootfs'), gathered, options);
    return await placeImage(options.stateDir, folder, describeImage(gathered, createdFrom, written));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the whole tree of an image in the empty folder `root`. The same packages give the same digest. */
async function fillTree(
  root: string,
  gathered: GatheredPackages,
  { onProgress, signal }: Pick<BuildOptions, 'onProgress' | 'signal'>,
): Promise<TarDigest> {
  const total = gathered.debs.length + gathered.wheels.length;
  const unpacked = (done: number) => {
    onProgress({ step: 'unpack', says: 'unpacking packages', done, total, unit: 'packages' });
  };
  await writeSkeleton(root);
  await unpackDebs(gathered.debs, gathered.debCache, root, unpacked);
  await unpackWheels(gathered.wheels, gathered.wheelCache, { root, folder: recipe.paths.wheels }, (count) =>
    unpacked(gathered.debs.length + count),
  );

  const stripped = stripTree(root);
  onProgress({
    step: 'strip',
    says: `removed ${megabytes(stripped.bytes)} MB of Debian's files that a sandbox does not need`,
  });
  await addOwnPython(root);

  await compileBytecode(
    root,
    (done, units) =>
      onProgress({ step: 'compile', says: 'compiling modules', done, total: units, unit: 'packages' }),
    signal,
  );
  onProgress({ step: 'fonts', says: 'listing fonts for matplotlib' });
  await prepareFonts(root, signal);

  const entries = tidyTree(root);
  onProgress({ step: 'digest', says: 'computing the digest', total: entries, unit: 'files' });
  return digestTree(root);
}

/** The `causeway` module, and the start-up hook in place of Debian's (which looks for a crash reporter). */
async function addOwnPython(root: string): Promise<void> {
  const hook = path.join(root, recipe.paths.stdlib, 'sitecustomize.py');
  await rm(hook, { force: true });
  await cp(path.join(ownPython, 'sitecustomize.py'), hook);
  const filter = (source: string) => !source.includes('__pycache__');
  await cp(path.join(ownPython, 'causeway'), path.join(root, recipe.paths.wheels, 'causeway'), {
    recursive: true,
    filter,
  });
}
