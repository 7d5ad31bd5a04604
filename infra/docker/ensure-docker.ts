import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fetchDebs } from '../sandbox-image/apt/fetch-debs.ts';
import { openAptRoot } from '../sandbox-image/apt/private-root.ts';
import { resolveDebs } from '../sandbox-image/apt/resolve-debs.ts';
import { ProvisionProblem } from '../sandbox-image/problem.ts';
import type { OnProgress } from '../sandbox-image/progress.ts';
import { openBlobCache } from '../sandbox-image/store/blob-cache.ts';
import { holdLock } from '../sandbox-image/store/hold-lock.ts';
import { unpackDebs } from '../sandbox-image/tree/unpack-debs.ts';

/** What of Docker's closure a Debian may lack; apt itself needs the rest (libsystemd0, libseccomp2). */
const PACKAGES = ['docker.io', 'containerd', 'runc', 'libdevmapper1.02.1'];

export interface Docker {
  /** Folders of its programs and of its libraries. */
  readonly programs: readonly string[];
  readonly libraries: readonly string[];
}

/**
 * Docker as this Debian's own release has it, unpacked below the cache and not installed: tests and benchmarks start a
 * daemon of their own from it (65 MB to fetch).
 * @throws ProvisionProblem with a remedy for whatever the host lacks
 */
export async function ensureDocker(cacheDir: string, onProgress: OnProgress): Promise<Docker> {
  const suite = await ownSuite();
  const folder = path.join(cacheDir, 'docker', suite);
  const isThere = () =>
    stat(folder).then(
      () => true,
      () => false,
    );
  if (!(await isThere())) {
    const onWait = () =>
      onProgress({ step: 'wait', says: 'another process provisions below the same folder' });
    await holdLock(cacheDir, onWait, async () => {
      if (!(await isThere())) await unpack(cacheDir, folder, suite, onProgress);
    });
  }
  const within = (...names: string[]) => names.map((name) => path.join(folder, name));
  return {
    programs: within('usr/sbin', 'usr/bin'),
    libraries: within('usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'),
  };
}

async function unpack(cacheDir: string, folder: string, suite: string, onProgress: OnProgress) {
  onProgress({ step: 'debs', says: `fetching Docker from Debian ${suite}` });
  const cache = await openBlobCache(path.join(cacheDir, 'downloads/debs'));
  const root = await openAptRoot(path.join(cacheDir, 'apt-own'), undefined, suite);
  const closure = await resolveDebs(root, PACKAGES);
  const debs = closure.filter(({ name }) => PACKAGES.includes(name));
  await fetchDebs(root, debs, { cache, onProgress });
  const building = `${folder}.building`;
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true });
  await unpackDebs(debs, cache, building);
  await rename(building, folder);
}

async function ownSuite(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const suite = /^ID=debian$/m.test(release) && /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  if (suite) return suite;
  throw new ProvisionProblem(
    'not_debian',
    'This host is no Debian, whose Docker the tests of engines start.',
    'Use a Debian 12 or newer host, or the dev container.',
  );
}
