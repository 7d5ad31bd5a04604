import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildImage } from './build-image.ts';
import { gatherPackages } from './gather-packages.ts';
import { lockDigest, parseLock } from './lock.ts';
import type { OnProgress } from './progress.ts';
import { holdLock } from './store/hold-lock.ts';
import { findImageOf, rememberImage, type SandboxImage } from './store/image-store.ts';
import { inputsKey } from './store/inputs-key.ts';

export interface EnsureImageOptions {
  readonly stateDir: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** The committed lock unless a test names another. */
  readonly lockFile?: string;
}

export const committedLock = path.join(import.meta.dirname, 'lock.json');

/** An image without all its libraries is tried again after this long, in case PyPI can be reached by now. */
const incompleteRetryMs = 60 * 60_000;

/**
 * The sandbox image of this checkout, built if it is not there yet. A second call takes milliseconds; processes that share a
 * state folder build once.
 * @returns its digest, its unpacked root (owned by root, not to be written to) and its manifest
 * @throws ProvisionProblem with a remedy for whatever the host lacks; the signal's own reason when it is aborted
 */
export async function ensureImage(options: EnsureImageOptions): Promise<SandboxImage> {
  const { onProgress = () => {}, signal } = options;
  const stateDir = path.resolve(options.stateDir);
  const lockText = await readFile(options.lockFile ?? committedLock, 'utf8');
  const inputs = await inputsKey(import.meta.dirname, lockText);

  const ready = await findReady(stateDir, inputs);
  if (ready) return ready;
  const lock = parseLock(lockText);
  const onWait = () =>
    onProgress({ step: 'wait', says: 'another process is building below the same state folder' });
  return holdLock(stateDir, onWait, async () => {
    const builtMeanwhile = await findReady(stateDir, inputs);
    if (builtMeanwhile) return builtMeanwhile;
    const gathered = await gatherPackages(lock, { stateDir, onProgress, signal });
    const incomplete = gathered.withoutWheelsBecause && (await findImageOf(stateDir, inputs))?.image;
    const image =
      incomplete || (await buildImage(gathered, lockDigest(lockText), { stateDir, onProgress, signal }));
    await rememberImage(stateDir, inputs, image.digest);
    return image;
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

async function findReady(stateDir: string, inputs: string): Promise<SandboxImage | undefined> {
  const found = await findImageOf(stateDir, inputs);
  if (!found) return undefined;
  const isComplete = found.image.manifest.absent.length === 0;
  return isComplete || found.ageMs < incompleteRetryMs ? found.image : undefined;
}
