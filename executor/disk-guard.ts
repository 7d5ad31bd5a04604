import { statfs } from 'node:fs/promises';

/** Blobs, bundles and their folders take some dozens each. */
const FREE_INODES_MIN = 1_000;
const LOOK_EVERY_MS = 5_000;
const MIB = 1024 * 1024;

export interface DiskSpace {
  readonly freeBytes: number;
  /** Infinity where the file system does not count them. */
  readonly freeInodes: number;
}

/** Why the host takes no runs for lack of space, as half a sentence; null where there is enough. Pure. */
export function whyFull({ freeBytes, freeInodes }: DiskSpace, keepFreeBytes: number): string | null {
  if (freeBytes < keepFreeBytes)
    return `the disk of its state has ${Math.floor(freeBytes / MIB)} MiB free, less than ${Math.ceil(keepFreeBytes / MIB)}`;
  return freeInodes < FREE_INODES_MIN ? `the disk of its state has ${freeInodes} inodes free` : null;
}

export interface DiskGuard {
  /** What was seen last. */
  why(): string | null;
  /** Looks now; why the host takes no runs, or null. Whoever watches is told before this resolves. */
  look(): Promise<string | null>;
  stop(): void;
}

export interface DiskGuardSettings {
  readonly dir: string;
  readonly keepFreeBytes: number;
  /** Makes room where it can, as by forgetting cached blobs. */
  readonly makeRoom: (bytes: number) => Promise<void>;
  /** Called when there is no longer enough space (why), or again (null). */
  readonly onChange: (why: string | null) => void;
}

/** Looks at the disk under the state folder every few seconds, and whenever it is asked. */
export function guardDisk({ dir, keepFreeBytes, makeRoom, onChange }: DiskGuardSettings): DiskGuard {
  let seen: string | null = null;

  const look = async (): Promise<string | null> => {
    const space = await spaceOf(dir);
    const lacking = keepFreeBytes - space.freeBytes;
    if (lacking > 0) await makeRoom(lacking);
    const why = whyFull(lacking > 0 ? await spaceOf(dir) : space, keepFreeBytes);
    const isNews = (why === null) !== (seen === null);
    seen = why;
    if (isNews) onChange(why);
    return why;
  };
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
  return { why: () => seen, look, stop: () => clearInterval(timer) };
}

async function spaceOf(dir: string): Promise<DiskSpace> {
  const { bavail, bsize, ffree, files } = await statfs(dir);
  return { freeBytes: bavail * bsize, freeInodes: files === 0 ? Number.POSITIVE_INFINITY : ffree };
}
