import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { bytesBelow } from '../store/watch-growth.ts';
import { whyUnneeded } from './unneeded.ts';

export interface Stripped {
  readonly paths: number;
  readonly bytes: number;
}

/** Removes what a sandbox does not need. Links are removed, never followed. */
export async function stripTree(root: string): Promise<Stripped> {
  let paths = 0;
  const before = await bytesBelow(root);
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      const relative = folder ? `${folder}/${entry.name}` : entry.name;
      if (whyUnneeded(entry.isDirectory() ? `${relative}/` : relative)) {
        paths += 1;
        await rm(path.join(root, relative), { recursive: true });
      } else if (entry.isDirectory()) {
        await walk(relative);
      }
    }
  };
  await walk('');
  return { paths, bytes: before - (await bytesBelow(root)) };
}
