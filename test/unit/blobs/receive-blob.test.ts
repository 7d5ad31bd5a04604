import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HELD_BYTES_MAX } from '../../../worker/blobs/hold-body.ts';
import { type BlobServer, startBlobServer } from '../../support/blob-server.ts';

/** Bodies that are small enough to be held; how larger ones pass is in `test/worker/data-uploads.test.ts`. */
let server: BlobServer;
let asked: string[] = [];
beforeAll(async () => {
  server = await startBlobServer(async (method, path) => {
    asked.push(`${method} ${path}`);
    return undefined;
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  asked = [];
});

const TENANT = 'platform';
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
let made = 0;
/** Bytes that no other test has. */
const bytesOf = (length: number) => new Uint8Array(length).fill(++made);
/** A body that comes in chunks; `wasRead` says how many of them were asked for. */
function chunked(chunks: readonly Uint8Array[]) {
  let wasRead = 0;
  let isGivenUp = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[wasRead++];
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel() {
        isGivenUp = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, wasRead: () => wasRead, isGivenUp: () => isGivenUp };
}
const halves = (bytes: Uint8Array) => [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];

describe('a small body', () => {
  test.each([1, 1000, HELD_BYTES_MAX])(
    'of %i bytes is written once, under its digest, and waits nowhere',
    async (length) => {
      const [named, found] = [bytesOf(length), bytesOf(length)];
      const key = { tenant: TENANT, sha256: sha256Of(named) };
      expect(await server.store.put(key, chunked(halves(named)).body, length)).toBe('stored');
      const transfer = { tenant: TENANT, attempt: 'a', bytes: length, sha256: null };
      const sha256 = sha256Of(found);
      expect(await server.store.receive(transfer, chunked(halves(found)).body)).toEqual({ ok: true, sha256 });
      const written = [key.sha256, sha256].map((each) => `${TENANT}/${each}`);
      expect(asked).toEqual(written.flatMap((path) => [`HEAD ${path}`, `PUT ${path}`]));
      expect(server.blobs.get(`${TENANT}/${sha256}`)).toEqual(Buffer.from(found));
    },
  );

  test('that is there already is not written again', async () => {
    const bytes = bytesOf(1000);
    const transfer = { tenant: TENANT, attempt: 'a', bytes: 1000, sha256: null };
    await server.store.receive(transfer, chunked([bytes]).body);
    asked = [];
    expect(await server.store.receive(transfer, chunked([bytes]).body)).toMatchObject({ ok: true });
    expect(
      await server.store.put({ tenant: TENANT, sha256: sha256Of(bytes) }, chunked([bytes]).body, 1000),
    ).toBe('already_there');
    expect(asked.filter((each) => !each.startsWith('HEAD'))).toEqual([]);
  });

  const wrong: Record<string, { sent: Uint8Array[]; announced: number; sha256?: string; reason: string }> = {
    'that is shorter than announced': { sent: [bytesOf(9)], announced: 10, reason: 'wrong_length' },
    'that is longer than announced': { sent: [bytesOf(11)], announced: 10, reason: 'wrong_length' },
    'of which nothing comes': { sent: [], announced: 10, reason: 'wrong_length' },
    'that has another digest': { sent: [bytesOf(10)], announced: 10, reason: 'wrong_sha256' },
  };
  test.each(Object.entries(wrong))('%s is not written', async (_name, { sent, announced, reason }) => {
    const sha256 = 'ab'.repeat(32);
    const transfer = { tenant: TENANT, attempt: 'a', bytes: announced, sha256 };
    expect(await server.store.receive(transfer, chunked(sent).body)).toEqual({ ok: false, reason });
    expect(await server.store.put({ tenant: TENANT, sha256 }, chunked(sent).body, announced)).toBe(
      'digest_mismatch',
    );
    expect(asked).toEqual([`HEAD ${TENANT}/${sha256}`]);
  });

  test('that goes on for ever is given up behind its first byte too many', async () => {
    const { body, wasRead, isGivenUp } = chunked(Array.from({ length: 100 }, () => bytesOf(10)));
    const transfer = { tenant: TENANT, attempt: 'a', bytes: 20, sha256: null };
    expect(await server.store.receive(transfer, body)).toEqual({ ok: false, reason: 'wrong_length' });
    expect([wasRead(), isGivenUp()]).toEqual([3, true]);
  });

  test('whose sender breaks off leaves nothing, and says so', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('the connection broke'));
      },
    });
    const transfer = { tenant: TENANT, attempt: 'a', bytes: 20, sha256: null };
    await expect(server.store.receive(transfer, body)).rejects.toThrow('the connection broke');
    expect(asked).toEqual([]);
  });
});
