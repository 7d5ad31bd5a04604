import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The time stamp of every input: when a blob was fetched must not be visible to a run (1980-01-01, the first that zip knows). */
const MTIME_SECONDS = 315_532_800;

/** A blob's key: caches of tenants are apart, so a tenant cannot learn from one what another holds. */
export interface BlobKey {
  readonly tenant: string;
  readonly sha256: string;
}

export interface BlobCache {
  has(key: BlobKey): Promise<boolean>;
  /** Stores bytes that are checked against `key.sha256` on their way; keeps nothing of them where their source throws. */
  put(key: BlobKey, bytes: Buffer | AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes the blob appear at `path` as a read-only file. False where the cache has lost it. */
  lend(key: BlobKey, path: string): Promise<boolean>;
  /** Keeps blobs, there or to come, from being given up for others until the release: their run may wait for memory between its fetch and its start. */
  hold(keys: readonly BlobKey[]): () => void;
  /** Forgets blobs, least recently used first, until so many bytes are given up or none is left. */
  giveUp(bytes: number): Promise<void>;
  readonly bytes: number;
}

interface Entry {
  readonly bytes: number;
  /** Its digest was checked since this process started: a power cut can leave a renamed file without its bytes. */
  verified: boolean;
}

export type Lending = 'link' | 'copy';

/**
 * A content-addressed cache on disk, bounded by bytes, least recently used out first; what is held is beyond the bound.
 *
 * It lends by hard link: the inode belongs to root with mode 0444, the program runs as another user without
 * capabilities, and /repo and /data are read-only mounts, so no lent inode can be written. Where the folder does not
 * belong to root, or is on another file system, it lends copies.
 */
export async function openBlobCache(dir: string, bytesMax: number): Promise<BlobCache> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const incoming = join(dir, 'incoming');
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { mode: 0o700 });
  const lending: Lending = (await stat(dir)).uid === 0 && process.getuid?.() === 0 ? 'link' : 'copy';

  /** In order of use, the oldest first: a Map keeps insertion order. */
  const entries = new Map<string, Entry>();
  let bytesHeld = 0;
  const holders = new Map<string, number>();
  const nameOf = (key: BlobKey) => join(key.tenant, key.sha256);

  const forget = async (name: string): Promise<void> => {
    const entry = entries.get(name);
    if (entry === undefined) return;
    entries.delete(name);
    bytesHeld -= entry.bytes;
    await rm(join(dir, name), { force: true });
  };
  const remember = async (name: string, entry: Entry): Promise<void> => {
    const before = entries.get(name);
    if (before !== undefined) bytesHeld -= before.bytes;
    entries.delete(name);
    entries.set(name, entry);
    bytesHeld += entry.bytes;
    for (const oldest of entries.keys()) {
      if (bytesHeld <= bytesMax || oldest === name) break;
      if (!holders.has(oldest)) await forget(oldest);
    }
  };

  const found: { name: string; bytes: number; usedMs: number }[] = [];
  for (const tenant of await readdir(dir)) {
    if (tenant === 'incoming') continue;
    for (const sha256 of await readdir(join(dir, tenant))) {
      const name = join(tenant, sha256);
      const { size, atimeMs } = await stat(join(dir, name));
      found.push({ name, bytes: size, usedMs: atimeMs });
    }
  }
  found.sort((a, b) => a.usedMs - b.usedMs);
  for (const { name, bytes } of found) await remember(name, { bytes, verified: false });

  const verify = async (key: BlobKey): Promise<boolean> => {
    const name = nameOf(key);
    const entry = entries.get(name);
    if (entry === undefined || entry.verified) return entry !== undefined;
    const isWhole = (await digestOf(join(dir, name)).catch(() => null)) === key.sha256;
    if (isWhole) entry.verified = true;
    else await forget(name);
    return isWhole;
  };

  return {
    get bytes() {
      return bytesHeld;
    },
    has: verify,
    async put(key, bytes) {
      const temporary = join(incoming, randomBytes(12).toString('hex'));
      try {
        await writeFile(temporary, bytes, { flag: 'wx', mode: 0o444 });
        await chmod(temporary, 0o444);
        await utimes(temporary, MTIME_SECONDS, MTIME_SECONDS);
        await mkdir(join(dir, key.tenant), { recursive: true, mode: 0o700 });
        await rename(temporary, join(dir, nameOf(key)));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      const { size } = await stat(join(dir, nameOf(key)));
      await remember(nameOf(key), { bytes: size, verified: true });
    },
    async lend(key, path) {
      const name = nameOf(key);
      const entry = entries.get(name);
      if (entry === undefined) return false;
      entries.delete(name);
      entries.set(name, entry);
      try {
        await lendFile(join(dir, name), path, lending);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        await forget(name);
        return false;
      }
    },
    hold(keys) {
      const names = [...new Set(keys.map(nameOf))];
      for (const name of names) holders.set(name, (holders.get(name) ?? 0) + 1);
      return () => {
        for (const name of names.splice(0)) {
          const others = (holders.get(name) ?? 0) - 1;
          if (others > 0) holders.set(name, others);
          else holders.delete(name);
        }
      };
    },
    async giveUp(bytes) {
      const until = bytesHeld - bytes;
      for (const oldest of [...entries.keys()]) {
        if (bytesHeld <= until) break;
        if (!holders.has(oldest)) await forget(oldest);
      }
    },
  };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function lendFile(from: string, to: string, lending: Lending): Promise<void> {
  if (lending === 'link') {
    try {
      return await link(from, to);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'EXDEV' && code !== 'EMLINK') throw error;
    }
  }
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o444);
  await utimes(to, MTIME_SECONDS, MTIME_SECONDS);
}
