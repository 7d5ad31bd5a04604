import { concatenate } from './concatenate.ts';
import { piecesOf, streamOf, takerOf } from './pieces.ts';
import { utf8 } from './sha256.ts';

/**
 * Blobs at rest: AES-256-GCM by segments, as Tink's AES-GCM-HKDF streaming AEAD makes them (after Hoang, Reyhanitabar, Rogaway,
 * Vizár: "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", STREAM). Each blob has a key of its own,
 * derived (HKDF-SHA256) from the data key, a random salt, and where the blob lies; a segment's nonce is the blob's
 * random prefix, the segment's number, and whether it is the last. So a segment that was changed, moved, left out or
 * put behind, and a blob that was moved, is no plaintext but an error.
 *
 *     "CWB1" | key id (8) | salt (32) | nonce prefix (7) | segments of 64 KiB, each with a tag of 16 bytes
 */
export interface BlobKey {
  readonly id: string;
  /** For HKDF; not exportable. */
  readonly root: Key;
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
type Bytes = Uint8Array<ArrayBuffer>;

const MAGIC = 'CWB1';
const ID_CHARS = 8;
const SALT_BYTES = 32;
const PREFIX_BYTES = 7;
const HEADER_BYTES = MAGIC.length + ID_CHARS + SALT_BYTES + PREFIX_BYTES;
const SEGMENT_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES;

/** What lies in the store is not what was put there: cut, changed, moved, unsealed, or of a key that is gone. */
export class BlobDamaged extends Error {
  constructor(path: string, how: string) {
    super(`the blob ${path} ${how}`);
    this.name = 'BlobDamaged';
  }
}

/** The key for blobs that 32 random bytes stand for. */
export async function importBlobKey(id: string, bytes: Bytes): Promise<BlobKey> {
  return { id, root: await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']) };
}

/** How long a blob of so many bytes is when it is sealed. */
export function sealedBytes(plainBytes: number): number {
  return HEADER_BYTES + plainBytes + TAG_BYTES * Math.max(1, Math.ceil(plainBytes / SEGMENT_BYTES));
}

/** The other way round; null where nothing that is sealed is so long. */
export function plainBytes(sealed: number): number | null {
  const segments = sealed - HEADER_BYTES;
  const plain = segments - TAG_BYTES * Math.ceil(segments / SEALED_SEGMENT_BYTES);
  return plain >= 0 && sealedBytes(plain) === sealed ? plain : null;
}

/** What is read of `body`, sealed for `path` alone. Holds two segments. */
export function sealed(
  body: ReadableStream<Uint8Array>,
  key: BlobKey,
  path: string,
): ReadableStream<Uint8Array> {
  async function* segments(): AsyncGenerator<Bytes, void> {
    const { header, seal } = await beginSealing(key, path);
    yield header;
    for await (const { piece, isLast } of piecesOf(takerOf(body), SEGMENT_BYTES))
      yield await seal(piece, isLast);
  }
  return streamOf(segments());
}

/** The same for bytes that are held anyway. */
export async function sealBytes(key: BlobKey, path: string, bytes: Bytes): Promise<Bytes> {
  const { header, seal } = await beginSealing(key, path);
  const sealed = [header];
  for (let at = 0; at === 0 || at < bytes.byteLength; at += SEGMENT_BYTES) {
    const end = at + SEGMENT_BYTES;
    sealed.push(await seal(bytes.subarray(at, end), end >= bytes.byteLength));
  }
  return concatenate(sealed);
}

interface Sealer {
  readonly header: Bytes;
  /** Segments in their order; only the last one may be shorter than others. */
  seal(segment: Bytes, isLast: boolean): Promise<Bytes>;
}

async function beginSealing(key: BlobKey, path: string): Promise<Sealer> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const prefix = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
  const blobKey = await deriveKey(key, salt, path);
  let count = 0;
  return {
    header: concatenate([utf8(MAGIC + key.id), salt, prefix]),
    async seal(segment, isLast) {
      const iv = nonce(prefix, count++, isLast);
      return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, blobKey, segment));
    },
  };
}

export interface OpenedBlob {
  readonly keyId: string;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * What was sealed for `path`, as it is read; it ends with {@link BlobDamaged} before it lets a wrong byte through. Null
 * where `stored` does not begin as something that one of the keys at hand sealed.
 */
export async function openSealed(
  stored: ReadableStream<Uint8Array>,
  keyOf: (id: string) => Promise<BlobKey | null>,
  path: string,
): Promise<OpenedBlob | null> {
  const taker = takerOf(stored);
  const header = readHeader(await taker.take(HEADER_BYTES));
  const key = header === null ? null : await keyOf(header.keyId);
  if (header === null || key === null) {
    await taker.cancel();
    return null;
  }
  const { keyId, salt, prefix } = header;
  const blobKey = await deriveKey(key, salt, path);
  async function* segments(): AsyncGenerator<Bytes, void> {
    let count = 0;
    for await (const { piece, isLast } of piecesOf(taker, SEALED_SEGMENT_BYTES)) {
      const iv = nonce(prefix, count++, isLast);
      const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, blobKey, piece).catch(() => null);
      if (opened === null) throw new BlobDamaged(path, `is cut or changed at segment ${count}`);
      if (opened.byteLength > 0) yield new Uint8Array(opened);
    }
  }
  return { keyId, body: streamOf(segments()) };
}

interface Header {
  readonly keyId: string;
  readonly salt: Bytes;
  readonly prefix: Bytes;
}

function readHeader(bytes: Bytes): Header | null {
  const begins = new TextDecoder().decode(bytes.subarray(0, MAGIC.length + ID_CHARS));
  if (bytes.byteLength < HEADER_BYTES || !begins.startsWith(MAGIC)) return null;
  return {
    keyId: begins.slice(MAGIC.length),
    salt: bytes.slice(MAGIC.length + ID_CHARS, HEADER_BYTES - PREFIX_BYTES),
    prefix: bytes.slice(HEADER_BYTES - PREFIX_BYTES),
  };
}

async function deriveKey({ id, root }: BlobKey, salt: Bytes, path: string): Promise<Key> {
  const info = utf8(JSON.stringify(['causeway blob', MAGIC, id, path]));
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt, info };
  const use = { name: 'AES-GCM', length: 256 };
  return crypto.subtle.deriveKey(derivation, root, use, false, ['encrypt', 'decrypt']);
}

/** `prefix (7) | number of the segment (4, big-endian) | 1 for the last (1)`. A blob has at most 2^32 segments: 256 TiB. */
function nonce(prefix: Bytes, count: number, isLast: boolean): Bytes {
  const bytes = new Uint8Array(12);
  bytes.set(prefix);
  new DataView(bytes.buffer).setUint32(PREFIX_BYTES, count);
  bytes[11] = isLast ? 1 : 0;
  return bytes;
}
