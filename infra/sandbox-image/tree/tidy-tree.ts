import { chmod, lchown, lstat, lutimes, readdir, rm } from 'node:fs/promises';
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
 */
export async function tidyTree(root: string): Promise<number> {
  const mayOwn = process.getuid?.() === 0;
  let entries = 0;
  const settle = async (relative: string): Promise<void> => {
    const file = path.join(root, relative);
    const found = await lstat(file);
    const isFolder = found.isDirectory();
    if (!isFolder && !found.isFile() && !found.isSymbolicLink()) return rm(file);
    entries += 1;
    if (isFolder)
      for (const name of await readdir(file)) await settle(relative ? `${relative}/${name}` : name);
    if (mayOwn) await lchown(file, 0, 0);
    if (!found.isSymbolicLink())
      await chmod(file, canonicalMode(relative, isFolder ? 'folder' : 'file', found.mode));
    await lutimes(file, recipe.sourceDateEpoch, recipe.sourceDateEpoch);
  };
  await settle('');
  return entries;
}
