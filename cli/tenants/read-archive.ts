import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type Chain,
  type ManifestEntry,
  NO_PARTS,
  nextLink,
  partManifestName,
  partManifestSchema,
  WHOLE_MANIFEST,
  type WholeManifest,
  wholeManifestSchema,
} from '../../worker/tenants/export/manifest.ts';
import { readTarHeader, TAR_END, tarPadding } from '../../worker/tenants/export/tar.ts';

const BLOCK = 512;
const CHUNK_BYTES = 1024 * 1024;
/** That are named. */
const MISSING_MAX = 20;
const MANIFEST_BYTES_MAX = 4 * CHUNK_BYTES;

/** How far an archive was read and found right. */
export interface ArchiveRead {
  readonly tenant: string | null;
  readonly chain: Chain;
  /** SHA-256 of contents that the object store lacked; the first of them. */
  readonly missing: readonly string[];
  /** Behind the last part that is whole. */
  readonly offset: number;
  /** The manifest of all; null where the archive goes on. */
  readonly whole: WholeManifest | null;
}

/** What is wrong with an archive; its message names the first bad file. */
export class BadArchive extends Error {}

/**
 * Reads an archive and holds each file against the manifest of its part, and the manifests against each other; memory holds
 * one part's entries, and the names of what is no blob. A part that is cut off at the end is left out of what is returned.
 * Nobody signs an export, so its names are judged as well: unpacked, what is called whole stays in its folder.
 *
 * @throws BadArchive
 */
export async function readArchive(path: string, until?: number): Promise<ArchiveRead> {
  const file = await open(path, 'r');
  try {
    const size = Math.min((await file.stat()).size, until ?? Number.POSITIVE_INFINITY);
    return await readParts(new Blocks(file, size));
  } finally {
    await file.close();
  }
}

async function readParts(blocks: Blocks): Promise<ArchiveRead> {
  let read: ArchiveRead = { tenant: null, chain: NO_PARTS, missing: [], offset: 0, whole: null };
  let entries: ManifestEntry[] = [];
  const names = new Set<string>();
  while (blocks.left > 0) {
    const found = await readFile(blocks);
    if (found === 'cut') return read;
    if (found === null) throw new BadArchive('it ends before its manifest');
    if (found.name === WHOLE_MANIFEST) return await finish(blocks, read, found, entries);
    judgeName(found, names);
    if (!found.name.startsWith('manifests/')) {
      entries.push({ name: found.name, bytes: found.bytes, sha256: found.sha256 });
      continue;
    }
    read = { ...read, ...judgePart(read, found, entries), offset: blocks.at };
    entries = [];
  }
  return read;
}

interface FoundFile extends ManifestEntry {
  /** Of manifests alone. */
  readonly text: string;
}

/** The next file; `cut` where the archive ends in it, null at the end of the archive. */
async function readFile(blocks: Blocks): Promise<FoundFile | 'cut' | null> {
  const header = await blocks.take(BLOCK);
  if (header === null) return 'cut';
  const named = headerOf(header);
  if (named === null) return null;
  const isManifest = named.name === WHOLE_MANIFEST || named.name.startsWith('manifests/');
  if (isManifest && named.bytes > MANIFEST_BYTES_MAX) throw new BadArchive(`${named.name} is no manifest`);
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  for (let left = named.bytes; left > 0; ) {
    const chunk = await blocks.take(Math.min(left, CHUNK_BYTES));
    if (chunk === null) return 'cut';
    hash.update(chunk);
    if (isManifest) kept.push(chunk);
    left -= chunk.length;
  }
  if ((await blocks.take(tarPadding(named.bytes).length)) === null) return 'cut';
  return { ...named, sha256: hash.digest('hex'), text: Buffer.concat(kept).toString('utf8') };
}

function headerOf(header: Buffer): ReturnType<typeof readTarHeader> {
  try {
    return readTarHeader(header);
  } catch (error) {
    throw new BadArchive(error instanceof Error ? error.message : String(error));
  }
}

const STEP = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;
const BLOBS = 'blobs/';

/** Refuses what would lie elsewhere than where it says, or over another file, when it is unpacked. */
function judgeName({ name, sha256 }: FoundFile, names: Set<string>): void {
  if (!name.split('/').every((step) => STEP.test(step)))
    throw new BadArchive(`${name} is no name of an export`);
  if (name.startsWith(BLOBS)) {
    if (name !== `${BLOBS}${sha256}`) throw new BadArchive(`${name} is not what its name says`);
    return;
  }
  if (names.has(name)) throw new BadArchive(`${name} is there twice`);
  names.add(name);
}

function judgePart(
  { tenant, chain, missing }: ArchiveRead,
  found: FoundFile,
  entries: readonly ManifestEntry[],
): Pick<ArchiveRead, 'tenant' | 'chain' | 'missing'> {
  const part = partManifestSchema.safeParse(parse(found));
  if (!part.success) throw new BadArchive(`${found.name} is no manifest`);
  const { data } = part;
  if (
    data.part !== chain.parts + 1 ||
    found.name !== partManifestName(data.part) ||
    data.previous !== chain.previous
  )
    throw new BadArchive(`${found.name} does not follow part ${chain.parts}`);
  if (tenant !== null && data.tenant !== tenant) throw new BadArchive(`${found.name} is of another tenant`);
  for (const [index, said] of data.entries.entries()) {
    const there = entries[index];
    if (there === undefined || there.name !== said.name) throw new BadArchive(`${said.name} is missing`);
    if (there.bytes !== said.bytes || there.sha256 !== said.sha256)
      throw new BadArchive(`${said.name} is not what was exported`);
  }
  const more = entries[data.entries.length];
  if (more !== undefined) throw new BadArchive(`${more.name} was put in`);
  return {
    tenant: data.tenant,
    missing: [...missing, ...data.missing].slice(0, MISSING_MAX),
    chain: nextLink(chain, data, found.sha256),
  };
}

async function finish(
  blocks: Blocks,
  read: ArchiveRead,
  found: FoundFile,
  entries: readonly ManifestEntry[],
): Promise<ArchiveRead> {
  const whole = wholeManifestSchema.safeParse(parse(found));
  if (!whole.success) throw new BadArchive(`${found.name} is no manifest`);
  const { tenant, parts, last_part_sha256, files, bytes, missing } = whole.data;
  const { chain } = read;
  const isWhole =
    tenant === read.tenant &&
    parts === chain.parts &&
    last_part_sha256 === chain.previous &&
    files === chain.files &&
    bytes === chain.bytes &&
    missing === chain.missing;
  if (!isWhole || entries.length > 0)
    throw new BadArchive(`${found.name} does not say what the archive holds`);
  const end = await blocks.take(TAR_END.length);
  if (end === null) return read;
  if (end.some((byte) => byte !== 0) || blocks.left > 0)
    throw new BadArchive('something stands behind its end');
  return { ...read, offset: blocks.at, whole: whole.data };
}

function parse({ name, text }: FoundFile): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadArchive(`${name} is no manifest`);
  }
}

/** A file read from its beginning on. */
class Blocks {
  at = 0;
  private readonly file: FileHandle;
  private readonly size: number;

  constructor(file: FileHandle, size: number) {
    this.file = file;
    this.size = size;
  }

  get left(): number {
    return this.size - this.at;
  }

  /** The next bytes, or null where there are fewer. */
  async take(bytes: number): Promise<Buffer | null> {
    if (bytes > this.left) return null;
    const taken = Buffer.alloc(bytes);
    const { bytesRead } = await this.file.read(taken, 0, bytes, this.at);
    if (bytesRead !== bytes) return null;
    this.at += bytes;
    return taken;
  }
}
