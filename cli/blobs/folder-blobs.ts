import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BlobFiles } from './blob-files.ts';

/** A folder: workerd's disk service has one, and so has an object store that was copied or mounted. */
export function folderBlobs(dir: string): BlobFiles {
  const root = resolve(dir);
  return {
    name: root,
    async read(path, bytesMax) {
      const file = join(root, path);
      const facts = statSync(file, { throwIfNoEntry: false });
      if (facts === undefined || !facts.isFile()) return null;
      const end = bytesMax === undefined ? Number.POSITIVE_INFINITY : bytesMax - 1;
      return { bytes: facts.size, body: createReadStream(file, { end }) };
    },
    async write(path, body) {
      const file = join(root, path);
      const draft = join(root, `.incoming-${randomBytes(8).toString('hex')}`);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      try {
        await pipeline(body, createWriteStream(draft, { flags: 'wx', mode: 0o600 }));
        renameSync(draft, file);
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      }
    },
  };
}
