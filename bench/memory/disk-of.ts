import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK_BYTES = 512;

/** MiB that lie on the disk below these paths, files with several names once. What is absent counts nothing. */
export function diskMibOf(paths: readonly string[]): number {
  const seen = new Set<string>();
  const bytes = paths.reduce((sum, path) => sum + allocated(path, seen), 0);
  return bytes / 2 ** 20;
}

function allocated(path: string, seen: Set<string>): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  const inode = `${stat.dev}:${stat.ino}`;
  if (seen.has(inode)) return 0;
  seen.add(inode);
  const own = stat.blocks * BLOCK_BYTES;
  if (!stat.isDirectory()) return own;
  return entriesOf(path).reduce((sum, { name }) => sum + allocated(join(path, name), seen), own);
}

/** A folder may go while it is counted: sandboxes come and leave. */
function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}
