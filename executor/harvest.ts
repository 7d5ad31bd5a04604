import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import type { Output } from '../protocol/outcome.ts';
import { checkOutputName, mediaType, showName } from './output-name.ts';

const REFUSED_LISTED_MAX = 20;
/** Deeper folders are not entered: their files would be refused by name anyway. */
const DEPTH_MAX = 8;
const ENTRIES_MAX = 100_000;

export interface HarvestLimits {
  readonly filesMax: number;
  readonly bytesMax: number;
  /** Entries looked at, wherever a folder is not already capped by its tmpfs; 100,000 unless said. */
  readonly entriesMax?: number;
}

export interface Harvested {
  readonly output: Output;
  readonly body: Buffer;
}

export interface Harvest {
  /** In the order of their names' bytes. */
  readonly kept: readonly Harvested[];
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  readonly limit: 'run_harvest_files' | 'run_harvest_bytes' | null;
}

interface Found {
  readonly parts: readonly Buffer[];
  /** Below an open folder: {@link pathIn}. */
  readonly path: Buffer;
}

const SLASH = Buffer.from('/');
const READ_NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The entry `name` of an open folder, wherever that folder has moved meanwhile (Node has no openat(2)). */
function pathIn(folder: FileHandle, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);
}

/**
 * Reads what a run left in `/outputs`. It is called when no process of the sandbox can run any more, and still trusts
 * nothing: only regular files with one link and a safe name are opened, never blocking, and the caps count the bytes that
 * were really read. Folders are entered by handle and no part of a path is followed through a symbolic link, so that one
 * that is swapped while we read leads nowhere.
 */
export async function harvest(outputsDir: string, limits: HarvestLimits): Promise<Harvest> {
  const kept: Harvested[] = [];
  const refused: { name: string; reason: string }[] = [];
  let limit: Harvest['limit'] = null;
  let bytesLeft = limits.bytesMax;
  let entriesLeft = limits.entriesMax ?? ENTRIES_MAX;

  const refuse = (name: string, reason: string): void => {
    if (refused.length < REFUSED_LISTED_MAX) refused.push({ name, reason });
  };

  const take = async ({ parts, path }: Found): Promise<void> => {
    const named = checkOutputName(parts);
    if (!named.ok) return refuse(named.shown, named.reason);
    if (kept.length >= limits.filesMax) {
      limit ??= 'run_harvest_files';
      return refuse(named.name, `more than ${limits.filesMax} files`);
    }
    const read = await readRegular(path, bytesLeft);
    if (!read.ok) {
      if (read.isTooLarge) limit ??= 'run_harvest_bytes';
      return refuse(named.name, read.reason);
    }
    bytesLeft -= read.body.length;
    const sha256 = createHash('sha256').update(read.body).digest('hex');
    const { name } = named;
    kept.push({
      output: { name, bytes: read.body.length, sha256, media_type: mediaType(name) },
      body: read.body,
    });
  };

  const walk = async (folder: FileHandle, parts: readonly Buffer[]): Promise<void> => {
    const names = await readdir(pathIn(folder, Buffer.alloc(0)), { encoding: 'buffer' });
    for (const name of names.sort(Buffer.compare)) {
      if (entriesLeft === 0) return;
      entriesLeft -= 1;
      const found: Found = { parts: [...parts, name], path: pathIn(folder, name) };
      const kind = await kindOf(found.path);
      if (kind === 'file') await take(found);
      else if (kind !== 'folder') refuse(showName(Buffer.concat(joined(found.parts))), `it is a ${kind}`);
      else if (found.parts.length >= DEPTH_MAX)
        refuse(showName(Buffer.concat(joined(found.parts))), `folders deeper than ${DEPTH_MAX} are not kept`);
      else await enter(found);
    }
  };

  const enter = async ({ parts, path }: Found): Promise<void> => {
    const folder = await open(path, READ_NO_LINK | constants.O_DIRECTORY).catch(() => null);
    if (folder === null) return refuse(showName(Buffer.concat(joined(parts))), 'it cannot be opened');
    try {
      await walk(folder, parts);
    } finally {
      await folder.close();
    }
  };

  await enter({ parts: [], path: Buffer.from(outputsDir) });
  return { kept, refused, limit };
}

function joined(parts: readonly Buffer[]): Buffer[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [SLASH, part]));
}

type Kind =
  | 'file'
  | 'folder'
  | 'symbolic link'
  | 'hard link'
  | 'named pipe'
  | 'socket'
  | 'device'
  | 'name without a file';

async function kindOf(path: Buffer): Promise<Kind> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return 'name without a file';
  if (stat.isDirectory()) return 'folder';
  if (stat.isSymbolicLink()) return 'symbolic link';
  if (stat.isFIFO()) return 'named pipe';
  if (stat.isSocket()) return 'socket';
  if (!stat.isFile()) return 'device';
  return stat.nlink === 1 ? 'file' : 'hard link';
}

type Read =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly reason: string; readonly isTooLarge: boolean };

async function readRegular(path: Buffer, bytesMax: number): Promise<Read> {
  const tooLarge: Read = {
    ok: false,
    reason: 'it does not fit into what is kept of a run',
    isTooLarge: true,
  };
  const file = await open(path, READ_NO_LINK).catch(() => null);
  if (file === null) return { ok: false, reason: 'it cannot be opened', isTooLarge: false };
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.nlink !== 1)
      return { ok: false, reason: 'it is no longer the file that it was', isTooLarge: false };
    if (stat.size > bytesMax) return tooLarge;
    // One buffer, and room to see that it has grown: gathering and joining parts would hold a file twice.
    const body = Buffer.allocUnsafe(stat.size + 1);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(body, bytes, body.length - bytes);
      if (bytesRead === 0) return { ok: true, body: body.subarray(0, bytes) };
      bytes += bytesRead;
      if (bytes > stat.size)
        return { ok: false, reason: 'it is no longer the file that it was', isTooLarge: false };
    }
  } finally {
    await file.close();
  }
}
