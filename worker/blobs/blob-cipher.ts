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

/** Seals what passes, for `path` alone. Holds one segment. */
export function sealing(key: BlobKey, path: string): TransformStream<Uint8Array, Uint8Array> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const prefix = crypto.getRandomValues(new Uint8Array(PREFIX_BYTES));
  const segments = new Segments(SEGMENT_BYTES);
  let blobKey: Key;
  let count = 0;
  const seal = async (segment: Bytes, isLast: boolean): Promise<Uint8Array> =>
    new Uint8Array(
      await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce(prefix, count++, isLast) }, blobKey, segment),
    );
  return new TransformStream({
    async start(controller) {
      blobKey = await deriveKey(key, salt, path);
      controller.enqueue(joined([utf8(MAGIC + key.id), salt, prefix]));
    },
    async transform(chunk, controller) {
      for (const segment of segments.add(chunk)) controller.enqueue(await seal(segment, false));
    },
    async flush(controller) {
      controller.enqueue(await seal(segments.rest(), true));
    },
  });
}

/** Opens what passes, if it was sealed for `path`: fails with {@link BlobDamaged} before it lets a wrong byte through. */
export function opening(
  keyOf: (id: string) => Promise<BlobKey | null>,
  path: string,
): TransformStream<Uint8Array, Uint8Array> {
  const header = new Segments(HEADER_BYTES);
  const segments = new Segments(SEALED_SEGMENT_BYTES);
  let opened: { readonly key: Key; readonly prefix: Bytes } | null = null;
  let count = 0;
  const begin = async (bytes: Bytes) => {
    const head = new TextDecoder().decode(bytes.subarray(0, MAGIC.length + ID_CHARS));
    if (bytes.byteLength < HEADER_BYTES || !head.startsWith(MAGIC))
      throw new BlobDamaged(path, 'is not sealed');
    const key = await keyOf(head.slice(MAGIC.length));
    if (key === null) throw new BlobDamaged(path, 'was sealed with a key that is not there any more');
    const salt = bytes.slice(MAGIC.length + ID_CHARS, HEADER_BYTES - PREFIX_BYTES);
    return { key: await deriveKey(key, salt, path), prefix: bytes.slice(HEADER_BYTES - PREFIX_BYTES) };
  };
  const open = async (segment: Bytes, isLast: boolean): Promise<Uint8Array> => {
    if (opened === null) throw new BlobDamaged(path, 'is not sealed');
    const iv = nonce(opened.prefix, count++, isLast);
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, opened.key, segment));
    } catch {
      throw new BlobDamaged(path, `is cut or changed at segment ${count}`);
    }
  };
  return new TransformStream({
    async transform(chunk, controller) {
      let rest = chunk;
      if (opened === null) {
        rest = header.fill(chunk);
        if (!header.isFull()) return;
        opened = await begin(header.rest());
      }
      for (const segment of segments.add(rest)) controller.enqueue(await open(segment, false));
    },
    async flush(controller) {
      const last = await open(segments.rest(), true);
      if (last.byteLength > 0) controller.enqueue(last);
    },
  });
}

/** Cuts a stream into pieces of one size. The last one stays back, full or not, until it is known to be the last. */
class Segments {
  private readonly buffer: Bytes;
  private filled = 0;

  constructor(bytes: number) {
    this.buffer = new Uint8Array(bytes);
  }

  /** Takes what there is room for; returns what is left. */
  fill(chunk: Uint8Array): Uint8Array {
    const taken = Math.min(this.buffer.byteLength - this.filled, chunk.byteLength);
    this.buffer.set(chunk.subarray(0, taken), this.filled);
    this.filled += taken;
    return chunk.subarray(taken);
  }

  isFull(): boolean {
    return this.filled === this.buffer.byteLength;
  }

  *add(chunk: Uint8Array): Generator<Bytes> {
    let left = this.fill(chunk);
    while (left.byteLength > 0) {
      yield this.rest();
      left = this.fill(left);
    }
  }

  rest(): Bytes {
    const segment = this.buffer.slice(0, this.filled);
    this.filled = 0;
    return segment;
  }
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

function joined(parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
