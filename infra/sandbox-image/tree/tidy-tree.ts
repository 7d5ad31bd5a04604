import { chmodSync, lchownSync, lstatSync, lutimesSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { recipe } from '../recipe.ts';

const mountModes = new Map<string, number>(Object.entries(recipe.mountPoints));

/** The mode of an entry in the image: no setuid, setgid or sticky bit but /tmp's, nothing writable by others but /tmp. */
export function canonicalMode(relativePath: string, kind: 'folder' | 'file', mode: number): number {
  if (kind === 'folder') return mountModes.get(relativePath) ?? 0o755;
  return mode & 0o111 ? 0o755 : 0o644;
}

/**
 * Gives every entry its canonical mode, owner and time, so that the tree depends on nothing but its packages. Sockets, pipes
 * and device nodes are removed. Owners are set where this process may (root); the archive says root in any case.
 * Synchronous for the same reason as `stripTree`.
 */
export function tidyTree(root: string): number {
  const mayOwn = process.getuid?.() === 0;
  let entries = 0;
  const settle = (relative: string): void => {
    const file = path.join(root, relative);
    const found = lstatSync(file);
    const isFolder = found.isDirectory();
    if (!isFolder && !found.isFile() && !found.isSymbolicLink()) {
      rmSync(file);
      return;
    }
    entries += 1;
    if (isFolder) for (const name of readdirSync(file)) settle(relative ? `${relative}/${name}` : name);
    if (mayOwn) lchownSync(file, 0, 0);
    if (!found.isSymbolicLink())
      chmodSync(file, canonicalMode(relative, isFolder ? 'folder' : 'file', found.mode));
    lutimesSync(file, recipe.sourceDateEpoch, recipe.sourceDateEpoch);
  };
  settle('');
  return entries;
}
