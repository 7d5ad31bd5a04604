import { createDecipheriv, hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  BlobDamaged,
  type BlobKey,
  importBlobKey,
  openSealed,
  plainBytes,
  sealBytes,
  sealedBytes,
  sealed as sealedStream,
} from '../../../worker/blobs/blob-cipher.ts';

const SEGMENT = 64 * 1024;
const HEADER = 51;
const PATH = `ten_${'a'.repeat(26)}/${'b'.repeat(64)}`;
const RAW = new Uint8Array(32).fill(9);
const key = (id = 'AAAAAAA1', fill = 9) => importBlobKey(id, new Uint8Array(32).fill(fill));

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255);
}

function streamOf(bytes: Uint8Array, chunkBytes: number): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.byteLength; at += chunkBytes)
        controller.enqueue(bytes.subarray(at, at + chunkBytes));
      controller.close();
    },
  });
}

const bytesFrom = async (stream: ReadableStream<Uint8Array>) =>
  new Uint8Array(await new Response(stream).arrayBuffer());
const seal = async (bytes: Uint8Array, path = PATH, chunkBytes = 10_000) =>
  bytesFrom(sealedStream(streamOf(bytes, chunkBytes), await key(), path));

/** What is read of a sealed blob. Rejects where it is none, as the store does. */
async function open(
  bytes: Uint8Array,
  path = PATH,
  held: Promise<BlobKey | null> = key(),
  chunkBytes = 10_000,
) {
  const keyOf = async (id: string) => ((await held)?.id === id ? held : null);
  const opened = await openSealed(streamOf(bytes, chunkBytes), keyOf, path);
  if (opened === null) throw new BlobDamaged(path, 'is not sealed');
  return bytesFrom(opened.body);
}

describe('a blob', () => {
  const lengths = [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 5];
  test.each(lengths)('of %d bytes is what it was, and as long as was said', async (length) => {
    const plain = bytesOf(length);
    for (const blob of [await seal(plain), await sealBytes(await key(), PATH, plain)]) {
      expect(blob.byteLength).toBe(sealedBytes(length));
      expect(plainBytes(blob.byteLength)).toBe(length);
      expect(Buffer.compare(await open(blob), plain)).toBe(0);
    }
  });

  test.each([1, 50, 51, 52, SEGMENT + 16, SEGMENT + 17, 10 ** 6])(
    'comes through in chunks of %d bytes',
    async (chunkBytes) => {
      const plain = bytesOf(chunkBytes === 1 ? 300 : 2 * SEGMENT + 100);
      const sealed = await seal(plain, PATH, chunkBytes);
      expect(Buffer.compare(await open(sealed, PATH, key(), chunkBytes), plain)).toBe(0);
    },
  );

  test('is sealed otherwise each time, and nothing of it is seen', async () => {
    const plain = new TextEncoder().encode('the same line again and again\n'.repeat(1000));
    const [first, second] = [await seal(plain), await seal(plain)];
    expect(Buffer.from(first).includes('again')).toBe(false);
    expect(Buffer.compare(first.slice(HEADER), second.slice(HEADER))).not.toBe(0);
    for (const [from, to] of [
      [12, 44],
      [44, 51],
    ])
      expect(Buffer.compare(first.slice(from, to), second.slice(from, to))).not.toBe(0);
  });

  test('is AES-256-GCM by segments, as another implementation reads it', async () => {
    const plain = bytesOf(SEGMENT + 10);
    const sealed = Buffer.from(await seal(plain));
    const info = JSON.stringify(['causeway blob', 'CWB1', 'AAAAAAA1', PATH]);
    const derived = new Uint8Array(hkdfSync('sha256', RAW, sealed.subarray(12, 44), info, 32));
    const segment = (count: number, isLast: boolean, from: number, to: number) => {
      const nonce = Buffer.concat([sealed.subarray(44, 51), Buffer.from([0, 0, 0, count, isLast ? 1 : 0])]);
      const decipher = createDecipheriv('aes-256-gcm', derived, nonce);
      decipher.setAuthTag(sealed.subarray(to - 16, to));
      return Buffer.concat([decipher.update(sealed.subarray(from, to - 16)), decipher.final()]);
    };
    const end = HEADER + SEGMENT + 16;
    const opened = Buffer.concat([segment(0, false, HEADER, end), segment(1, true, end, sealed.byteLength)]);
    expect(opened.equals(plain)).toBe(true);
  });
});

describe('Mallory, who can write the object store, gets nothing read as a blob:', () => {
  const at = (segment: number) => HEADER + segment * (SEGMENT + 16);
  const cut = (bytes: Uint8Array, from: number, to: number) =>
    new Uint8Array([...bytes.slice(0, from), ...bytes.slice(to)]);
  const flip = (bytes: Uint8Array, index: number) => {
    const changed = bytes.slice();
    changed[index] = (changed[index] ?? 0) ^ 1;
    return changed;
  };
  test.each<[string, (sealed: Uint8Array) => Uint8Array]>([
    ['cut inside of a segment', (it) => it.slice(0, -1)],
    ['cut behind a segment', (it) => it.slice(0, at(2))],
    ['cut behind the first segment', (it) => it.slice(0, at(1))],
    ['cut behind its header', (it) => it.slice(0, HEADER)],
    ['cut inside of its header', (it) => it.slice(0, 20)],
    ['empty', () => new Uint8Array()],
    ['longer by a byte', (it) => new Uint8Array([...it, 0])],
    ['longer by a segment of its own', (it) => new Uint8Array([...it, ...it.slice(at(0), at(1))])],
    [
      'of segments in another order',
      (it) =>
        new Uint8Array([
          ...it.slice(0, at(0)),
          ...it.slice(at(1), at(2)),
          ...it.slice(at(0), at(1)),
          ...it.slice(at(2)),
        ]),
    ],
    ['without a segment', (it) => cut(it, at(1), at(2))],
    ['without its first segment', (it) => cut(it, at(0), at(1))],
    ['with another byte in the middle', (it) => flip(it, at(1) + 100)],
    ['with another tag', (it) => flip(it, it.byteLength - 1)],
    ['with another salt', (it) => flip(it, 20)],
    ['with another nonce', (it) => flip(it, 47)],
    ['of another version', (it) => flip(it, 3)],
    ['of another key id', (it) => flip(it, 5)],
    ['in the clear', () => bytesOf(3 * SEGMENT)],
  ])('one that is %s', async (_what, change) => {
    const sealed = await seal(bytesOf(2 * SEGMENT + 100));
    await expect(open(change(sealed))).rejects.toThrow(BlobDamaged);
  });

  test('one that lay at another place: of another tenant, or of other bytes', async () => {
    const sealed = await seal(bytesOf(100));
    await expect(open(sealed, PATH.replace('ten_a', 'ten_b'))).rejects.toThrow(BlobDamaged);
    await expect(open(sealed, PATH.replace('/b', '/c'))).rejects.toThrow(BlobDamaged);
  });

  test('one of a segment of another blob of the same key', async () => {
    const [first, second] = [await seal(bytesOf(2 * SEGMENT)), await seal(bytesOf(2 * SEGMENT))];
    const mixed = new Uint8Array([...first.slice(0, at(1)), ...second.slice(at(1))]);
    await expect(open(mixed)).rejects.toThrow(BlobDamaged);
  });

  test('one of another key of the same name, or of a key that is gone', async () => {
    const sealed = await seal(bytesOf(100));
    await expect(open(sealed, PATH, key('AAAAAAA1', 8))).rejects.toThrow('cut or changed');
    await expect(open(sealed, PATH, Promise.resolve(null))).rejects.toThrow('is not sealed');
  });
});

test.each([0, 50, 51, 66, HEADER + SEGMENT + 16 + 1, HEADER + SEGMENT + 16 + 16])(
  'nothing that is sealed is %d bytes long',
  (length) => {
    expect(plainBytes(length)).toBeNull();
  },
);
