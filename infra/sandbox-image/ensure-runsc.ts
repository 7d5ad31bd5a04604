import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fetchDebs } from './apt/fetch-debs.ts';
import { openAptRoot } from './apt/private-root.ts';
import { resolveDebs } from './apt/resolve-debs.ts';
import { ProvisionProblem } from './problem.ts';
import type { OnProgress } from './progress.ts';
import { recipe } from './recipe.ts';
import { lastWords, runCommand, succeeded } from './run-command.ts';
import { openBlobCache } from './store/blob-cache.ts';
import { holdLock } from './store/hold-lock.ts';
import { unpackDebs } from './tree/unpack-debs.ts';

export interface Runsc {
  readonly path: string;
  /** The release day and its serial, such as `20240729.0`. */
  readonly version: string;
}

export interface EnsureRunscOptions {
  readonly stateDir: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** A runsc of the operator's own, as a path or as a name on PATH; `CAUSEWAY_RUNSC` where absent. */
  readonly runsc?: string;
}

/** The oldest release with the systrap platform in the shape that was measured here; Debian 12 carries one of 2022. */
export const runscMinimum = '20240729.0';

/** `runsc version 0.0~20240729.0` (Debian) and `runsc version release-20240729.0` (upstream) are the same release. */
export const runscVersion = (printed: string): string | undefined => /\b(\d{8}\.\d+)\b/.exec(printed)?.[1];

/** Versions compare by day, then by serial. */
export function isOlderRunsc(version: string, minimum: string): boolean {
  const [day = 0, serial = 0] = version.split('.').map(Number);
  const [minimumDay = 0, minimumSerial = 0] = minimum.split('.').map(Number);
  return day < minimumDay || (day === minimumDay && serial < minimumSerial);
}

/**
 * The gVisor runtime: the operator's own where one is named, else Debian 13's, unpacked below the state folder and not
 * installed. A second call takes milliseconds.
 * @throws ProvisionProblem `runsc_unusable` for one that does not run or is too old
 */
export async function ensureRunsc(options: EnsureRunscOptions): Promise<Runsc> {
  const named = options.runsc ?? process.env.CAUSEWAY_RUNSC;
  if (named) return checkRunsc(named);
  const stateDir = path.resolve(options.stateDir);
  const folder = path.join(stateDir, 'runsc');
  const unpacked = await findUnpacked(folder);
  if (unpacked) return unpacked;
  const { onProgress = () => {}, signal } = options;
  const onWait = () =>
    onProgress({ step: 'wait', says: 'another process is building below the same state folder' });
  return holdLock(stateDir, onWait, async () => {
    return (await findUnpacked(folder)) ?? unpackRunsc(stateDir, folder, onProgress, signal);
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

async function checkRunsc(program: string): Promise<Runsc> {
  const result = await runCommand(program, ['--version'], { timeoutMs: 10_000 });
  const version = succeeded(result) ? runscVersion(result.stdout) : undefined;
  if (!version) {
    throw new ProvisionProblem(
      'runsc_unusable',
      `${program} does not say its version: ${lastWords(result)}`,
      'Name a gVisor runsc in CAUSEWAY_RUNSC, or leave it unset to use the one of Debian 13.',
    );
  }
  if (isOlderRunsc(version, runscMinimum)) {
    throw new ProvisionProblem(
      'runsc_unusable',
      `${program} is gVisor ${version}; at least ${runscMinimum} is needed.`,
      'Name a newer runsc in CAUSEWAY_RUNSC, or leave it unset to use the one of Debian 13.',
    );
  }
  return { path: program, version };
}

/** Folders are named by the version that was checked when they were made. */
async function findUnpacked(folder: string): Promise<Runsc | undefined> {
  const versions = (await readdir(folder).catch(() => [])).filter((name) => /^\d{8}\.\d+$/.test(name)).sort();
  const version = versions.findLast((found) => !isOlderRunsc(found, runscMinimum));
  return version ? { path: path.join(folder, version, 'runsc'), version } : undefined;
}

async function unpackRunsc(
  stateDir: string,
  folder: string,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<Runsc> {
  onProgress({ step: 'runsc', says: `fetching gVisor's runsc from Debian ${recipe.debianSuite}` });
  const cache = await openBlobCache(path.join(stateDir, 'downloads/debs'));
  const root = await openAptRoot(path.join(stateDir, 'apt'), signal);
  const debs = (await resolveDebs(root, ['runsc'])).filter((deb) => deb.name === 'runsc');
  await fetchDebs(root, debs, { cache, onProgress, signal });

  const building = path.join(folder, `.building-${process.pid}`);
  await rm(building, { recursive: true, force: true });
  await mkdir(path.join(building, 'deb'), { recursive: true });
  try {
    await unpackDebs(debs, cache, path.join(building, 'deb'));
    const binary = path.join(building, 'runsc');
    await rename(path.join(building, 'deb/usr/bin/runsc'), binary);
    await rm(path.join(building, 'deb'), { recursive: true });
    await chmod(binary, 0o755);
    const { version } = await checkRunsc(binary);
    await rename(building, path.join(folder, version));
    return { path: path.join(folder, version, 'runsc'), version };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}
