import { lstatSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { whyUnneeded } from './unneeded.ts';

export interface Stripped {
  readonly paths: number;
  readonly bytes: number;
}

/**
 * Removes what a sandbox does not need. Links are removed, never followed. Synchronous, because ten thousand small calls take
 * 0.2 s this way and ten times as long as promises.
 */
export function stripTree(root: string): Stripped {
  let paths = 0;
  let bytes = 0;
  const walk = (folder: string): void => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const relative = folder ? `${folder}/${entry.name}` : entry.name;
      const file = path.join(root, relative);
      if (whyUnneeded(entry.isDirectory() ? `${relative}/` : relative)) {
        paths += 1;
        bytes += bytesOf(file);
        rmSync(file, { recursive: true });
      } else if (entry.isDirectory()) {
        walk(relative);
      }
    }
  };
  walk('');
  return { paths, bytes };
}

function bytesOf(file: string): number {
  const found = lstatSync(file);
  if (!found.isDirectory()) return found.size;
  return readdirSync(file).reduce((sum, name) => sum + bytesOf(path.join(file, name)), 0);
}
