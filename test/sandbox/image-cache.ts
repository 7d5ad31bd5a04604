import { link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const stateFolder = path.resolve(import.meta.dirname, '../../.causeway');

/** How long a test that builds an image may take on a busy machine; alone it takes 20 s. */
export const buildTimeoutMs = 600_000;

/** The cache that `./causeway up` uses as well, so that one download serves both. */
export const cacheDir = process.env.CAUSEWAY_TEST_CACHE ?? path.join(stateFolder, 'cache');

/** A state folder of the test's own, removed at its end. */
export async function freshStateDir(): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  const folder = await mkdtemp(path.join(path.dirname(cacheDir), 'test-image-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A state folder that has `kinds` of downloads already, as hard links: a download is replaced or removed, never written to. */
export async function stateDirWith(...kinds: ('debs' | 'wheels')[]): Promise<string> {
  const folder = await freshStateDir();
  for (const kind of kinds) {
    const source = path.join(cacheDir, 'downloads', kind);
    const target = path.join(folder, 'downloads', kind);
    await mkdir(target, { recursive: true });
    for (const name of await readdir(source)) {
      if (!name.startsWith('.incoming-')) await link(path.join(source, name), path.join(target, name));
    }
  }
  return folder;
}
