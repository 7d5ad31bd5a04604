import { createReadStream } from 'node:fs';
import type { BlobFiles } from '../blobs/blob-files.ts';
import { blobFile, keepBlob, measureFile } from './backup-folder.ts';
import type { BlobFacts, FileFacts, MissingBlob } from './manifest.ts';

/** A blob that rows name. */
export interface WantedBlob {
  readonly path: string;
  /** Whether its content was purged: then it may be absent. */
  readonly isPurged: boolean;
}

/** Blobs of earlier backups in the same folder, which need not be fetched again, by path. */
export type KnownBlobs = ReadonlyMap<string, FileFacts>;

/** What became of the blobs, while they are copied. */
export interface BlobTally {
  count: number;
  totalBytes: number;
  fetched: number;
  readonly missing: MissingBlob[];
}

/** A sealed blob begins with these; of any other the SHA-256 is its name. */
const SEALED_MARK = 'CWB1';
/** Holds the mark, key id and salt of a sealed blob: two that begin alike were sealed by the same act. */
const HEAD_BYTES = 64;

/**
 * Keeps the bytes of each blob in a folder of backups, and tells what they are. A blob that an earlier backup has kept,
 * and that begins with the same bytes in the store, is read from the folder and not fetched.
 */
export async function* copyBlobs(
  wanted: AsyncIterable<WantedBlob>,
  { store, root, known }: { readonly store: BlobFiles; readonly root: string; readonly known: KnownBlobs },
  tally: BlobTally,
): AsyncGenerator<BlobFacts> {
  for await (const { path, isPurged } of wanted) {
    const kept = await keptBefore(path, store, root, known.get(path));
    const found = kept === null ? await fetchBlob(path, store, root) : { path, ...kept };
    if (kept === null) tally.fetched += 1;
    if ('why' in found) {
      tally.missing.push(isPurged && found.why === 'absent' ? { path, why: 'purged' } : found);
      continue;
    }
    tally.count += 1;
    tally.totalBytes += found.bytes;
    yield found;
  }
}

async function keptBefore(
  path: string,
  store: BlobFiles,
  root: string,
  known: FileFacts | undefined,
): Promise<FileFacts | null> {
  if (known === undefined) return null;
  const there = await store.read(path, HEAD_BYTES);
  if (there === null) return null;
  const [head, kept] = await Promise.all([headOf(there.body), measureFile(blobFile(root, known.sha256))]);
  if (there.bytes !== known.bytes || kept?.sha256 !== known.sha256) return null;
  const keptHead = await headOf(createReadStream(blobFile(root, known.sha256), { end: HEAD_BYTES - 1 }));
  return head.equals(keptHead) ? { bytes: known.bytes, sha256: known.sha256 } : null;
}

async function fetchBlob(path: string, store: BlobFiles, root: string): Promise<BlobFacts | MissingBlob> {
  const found = await store.read(path);
  if (found === null) return { path, why: 'absent' };
  const facts = await keepBlob(root, found.body);
  const isPlain = path.endsWith(`/${facts.sha256}`);
  const file = createReadStream(blobFile(root, facts.sha256), { end: SEALED_MARK.length - 1 });
  const isSealed = (await headOf(file)).toString('latin1') === SEALED_MARK;
  if (facts.bytes !== found.bytes || !(isPlain || isSealed)) return { path, why: 'damaged' };
  return { path, ...facts };
}

async function headOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).subarray(0, HEAD_BYTES);
}
