import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Calls `report` twice a second with the bytes below `folder` until the returned function is called. */
export function watchGrowth(folder: string, report: (bytes: number) => void): () => void {
  let last = -1;
  const timer = setInterval(async () => {
    const bytes = await bytesBelow(folder);
    if (bytes !== last) report(bytes);
    last = bytes;
  }, 500);
  return () => clearInterval(timer);
}

/** Bytes of the regular files below a folder; what vanishes meanwhile counts as nothing. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const found = await stat(path.join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}
