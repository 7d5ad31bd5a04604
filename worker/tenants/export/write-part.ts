import { hex } from '../../../protocol/hex.ts';
import type { StoredBlob } from '../../blobs/blob-store.ts';
import { sha256Hex, utf8 } from '../../blobs/sha256.ts';
import type { ExportCursor } from './cursor.ts';
import {
  type Chain,
  EXPORT_FORMAT,
  type ManifestEntry,
  nextLink,
  type PartManifest,
  partManifestName,
  WHOLE_MANIFEST,
  type WholeManifest,
} from './manifest.ts';
import { type ExportFile, type ExportSource, readPage } from './read-pages.ts';
import { TAR_END, tarHeader, tarPadding } from './tar.ts';

/** Files of one part, as far as they are held in memory, and as many blobs as one part may open. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;
const FILES_MAX = 200;

/** A part of an archive, read and not yet written: what comes after it is known before its first byte. */
export interface ExportPart {
  readonly files: readonly ExportFile[];
  /** Digests of contents that rows name and the store lacks. */
  readonly missing: readonly string[];
  /** Null: it is the last. */
  readonly next: ExportCursor | null;
}

/** Reads pages until there is enough for a part. */
export async function readPart(source: ExportSource, from: ExportCursor): Promise<ExportPart> {
  const files: ExportFile[] = [];
  const missing: string[] = [];
  let held = 0;
  let next: ExportCursor | null = from;
  while (next !== null && held < HELD_BYTES_MAX && files.length + missing.length < FILES_MAX) {
    const page = await readPage(source, next);
    files.push(...page.files);
    missing.push(...(page.missing ?? []));
    for (const { bytes } of page.files) if (bytes instanceof Uint8Array) held += bytes.byteLength;
    next = page.next;
  }
  return { files, missing, next };
}

export interface PartWriter {
  readonly tenant: string;
  readonly openBlob: (sha256: string) => Promise<StoredBlob | null>;
  readonly now: number;
}

/** The bytes of a part: its files, their manifest, and behind the last part the end of the archive. Returns the chain with it. */
export async function* writePart(
  { tenant, openBlob, now }: PartWriter,
  { files, missing, next }: ExportPart,
  chain: Chain,
): AsyncGenerator<Uint8Array, Chain> {
  const entries: ManifestEntry[] = [];
  for (const { name, bytes } of files) {
    if (bytes instanceof Uint8Array) {
      yield* fileOf(name, bytes, now);
      entries.push({ name, bytes: bytes.byteLength, sha256: await sha256Hex(bytes) });
      continue;
    }
    const blob = await openBlob(bytes.blob);
    // Purged, or kept no longer, since it was listed.
    if (blob === null) continue;
    yield tarHeader(name, blob.bytes, now);
    entries.push({ name, bytes: blob.bytes, sha256: yield* passing(name, blob) });
    yield tarPadding(blob.bytes);
  }
  const part: PartManifest = {
    format: EXPORT_FORMAT,
    tenant,
    part: chain.parts + 1,
    previous: chain.previous,
    entries,
    missing: [...missing],
  };
  const manifest = utf8(`${JSON.stringify(part)}\n`);
  yield* fileOf(partManifestName(part.part), manifest, now);
  const link = nextLink(chain, part, await sha256Hex(manifest));
  if (next === null) {
    const whole: WholeManifest = {
      format: EXPORT_FORMAT,
      tenant,
      exported_at: new Date(now).toISOString(),
      parts: link.parts,
      last_part_sha256: link.previous ?? '',
      files: link.files,
      bytes: link.bytes,
      missing: link.missing,
    };
    yield* fileOf(WHOLE_MANIFEST, utf8(`${JSON.stringify(whole, null, 1)}\n`), now);
    yield TAR_END;
  }
  return link;
}

function* fileOf(name: string, bytes: Uint8Array, now: number): Generator<Uint8Array> {
  yield tarHeader(name, bytes.byteLength, now);
  yield bytes;
  yield tarPadding(bytes.byteLength);
}

/** The bytes of a blob on their way, held to its length; returns their SHA-256. */
async function* passing(name: string, blob: StoredBlob): AsyncGenerator<Uint8Array, string> {
  const digest = new crypto.DigestStream('SHA-256');
  const hash = digest.getWriter();
  let passed = 0;
  for await (const chunk of blob.body) {
    passed += chunk.byteLength;
    if (passed > blob.bytes) break;
    await hash.write(chunk);
    yield chunk;
  }
  if (passed !== blob.bytes) throw new Error(`${name} has another length than the store said`);
  await hash.close();
  return hex(new Uint8Array(await digest.digest));
}
