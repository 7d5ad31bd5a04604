import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand, succeeded } from '../sandbox-image/run-command.ts';
import type { SandboxImage } from '../sandbox-image/store/image-store.ts';
import { digestTree } from '../sandbox-image/tree/canonical-tar.ts';

const LOOK_TIMEOUT_MS = 60_000;

/** Beside the unpacked tree. Its time of modification is when the reading began that proved the tree. */
const markOf = ({ rootfsDir }: SandboxImage) => join(dirname(rootfsDir), 'proven');

export type TreeProven =
  | { readonly ok: true; readonly how: 'read' | 'looked' }
  | { readonly ok: false; readonly found: string };

/**
 * Whether the unpacked tree has the image's digest. To read all of it takes seconds, so it is done once, and after that only
 * where a file, a folder or a link has a time of change (ctime, which no program can set) since that reading began. That
 * takes milliseconds. It sees whatever goes through the file system; who can write to the disk below it is not stopped.
 */
export async function proveTree(image: SandboxImage, onReading: () => void = () => {}): Promise<TreeProven> {
  if (await isUntouched(image)) return { ok: true, how: 'looked' };
  onReading();
  const mark = `${markOf(image)}.${process.pid}`;
  // A cache that cannot be written to is read whole each time.
  const begun = await writeFile(mark, '').then(
    () => true,
    () => false,
  );
  try {
    const { digest } = await digestTree(image.rootfsDir);
    if (digest !== image.digest) return { ok: false, found: digest };
    if (begun) await rename(mark, markOf(image));
    return { ok: true, how: 'read' };
  } finally {
    await rm(mark, { force: true });
  }
}

/** Whether nothing in the tree has changed since it was proven; false also where that cannot be told. */
export async function isUntouched(image: SandboxImage): Promise<boolean> {
  const mark = markOf(image);
  const marked = await stat(mark).catch(() => null);
  // A clock that was set back would give changes of today a time before the mark.
  if (marked === null || marked.mtimeMs > Date.now()) return false;
  const args = [image.rootfsDir, '-cnewer', mark, '-print', '-quit'];
  const looked = await runCommand('find', args, { timeoutMs: LOOK_TIMEOUT_MS });
  return succeeded(looked) && looked.stdout === '';
}
