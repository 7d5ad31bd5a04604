import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const stateFolder = path.resolve(import.meta.dirname, '../../.causeway');

/** The cache that `./causeway up` uses as well, so that one download serves both. */
export const cacheDir = process.env.CAUSEWAY_TEST_CACHE ?? path.join(stateFolder, 'cache');

/** A state folder of the test's own, removed at its end. */
export async function freshStateDir(): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  const folder = await mkdtemp(path.join(path.dirname(cacheDir), 'test-image-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A state folder that has `kinds` of downloads already. They are copied: nobody else's file can be changed through it. */
export async function stateDirWith(...kinds: ('debs' | 'wheels')[]): Promise<string> {
  const folder = await freshStateDir();
  for (const kind of kinds) {
    const source = path.join(cacheDir, 'downloads', kind);
    const filter = (file: string) => !path.basename(file).startsWith('.incoming-');
    await cp(source, path.join(folder, 'downloads', kind), { recursive: true, filter });
  }
  return folder;
}
