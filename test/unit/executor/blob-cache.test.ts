import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBlobCache } from '../../../executor/blob-cache.ts';
import { blobFetcher } from '../../../executor/fetch-blobs.ts';
import { newId } from '../../../protocol/ids.ts';
import { type PoolPeer, startPoolPeer } from '../../support/pool-peer.ts';

const ALICE = newId('tenant');
const MALLORY = newId('tenant');
const blob = (text: string) => {
  const bytes = Buffer.from(text);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
};

type Blob = ReturnType<typeof blob>;

describe('the cache of inputs', () => {
  let dir: string;
  let out: string;
  let peer: PoolPeer;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'causeway-blobs-'));
    out = mkdtempSync(join(tmpdir(), 'causeway-lent-'));
    peer = await startPoolPeer();
  });
  afterEach(async () => {
    await peer.stop();
    rmSync(dir, { recursive: true });
    rmSync(out, { recursive: true });
  });
  const never = new AbortController().signal;

  it('lends a file that nobody but root could write, whose time tells nothing', async () => {
    const cache = await openBlobCache(dir, 1000);
    const { bytes, sha256 } = blob('a');
    await cache.put({ tenant: ALICE, sha256 }, bytes);
    expect(await cache.lend({ tenant: ALICE, sha256 }, join(out, 'a'))).toBe(true);
    const { mode, uid, mtimeMs, nlink } = statSync(join(out, 'a'));
    expect({ mode: mode & 0o7777, uid, mtimeMs, nlink }).toEqual({
      mode: 0o444,
      uid: 0,
      mtimeMs: 315_532_800_000,
      nlink: 2,
    });
  });

  it('gives up what was used longest ago, and no more than was asked', async () => {
    const cache = await openBlobCache(dir, 1000);
    const blobs = ['aaaa', 'bbbb', 'cccc'].map(blob);
    for (const { bytes, sha256 } of blobs) await cache.put({ tenant: ALICE, sha256 }, bytes);
    await cache.giveUp(5);
    expect(cache.bytes).toBe(4);
    expect(await cache.has({ tenant: ALICE, sha256: blobs[2]?.sha256 ?? '' })).toBe(true);
    await cache.giveUp(1000);
    expect(cache.bytes).toBe(0);
  });

  it('gives up nothing that a run holds, which may wait between its fetch and its start', async () => {
    const cache = await openBlobCache(dir, 10);
    const [first, second, third] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'].map(blob) as [Blob, Blob, Blob];
    const keyOf = ({ sha256 }: Blob) => ({ tenant: ALICE, sha256 });
    const releases = [cache.hold([first, second].map(keyOf)), cache.hold([keyOf(first)])];
    for (const each of [first, second, third]) await cache.put(keyOf(each), each.bytes);
    await cache.giveUp(1000);
    expect(await Promise.all([first, second, third].map((each) => cache.has(keyOf(each))))).toEqual([
      true,
      true,
      false,
    ]);
    releases[0]?.();
    releases[0]?.();
    await cache.giveUp(1000);
    expect(await Promise.all([first, second].map((each) => cache.has(keyOf(each))))).toEqual([true, false]);
    releases[1]?.();
    await cache.giveUp(1000);
    expect(cache.bytes).toBe(0);
  });

  it('keeps nothing of bytes whose source finds them wrong', async () => {
    const cache = await openBlobCache(dir, 1000);
    const { bytes, sha256 } = blob('a');
    async function* wrongAtItsEnd() {
      yield bytes;
      throw new Error('another SHA-256');
    }
    await expect(cache.put({ tenant: ALICE, sha256 }, wrongAtItsEnd())).rejects.toThrow('another SHA-256');
    expect(await cache.has({ tenant: ALICE, sha256 })).toBe(false);
    expect(cache.bytes).toBe(0);
    expect(readdirSync(join(dir, 'incoming'))).toEqual([]);
  });

  it("never lends Mallory what Alice's tenant has", async () => {
    const cache = await openBlobCache(dir, 1000);
    const { bytes, sha256 } = blob('secret');
    await cache.put({ tenant: ALICE, sha256 }, bytes);
    expect(await cache.has({ tenant: MALLORY, sha256 })).toBe(false);
    expect(await cache.lend({ tenant: MALLORY, sha256 }, join(out, 'a'))).toBe(false);
    expect(readdirSync(out)).toEqual([]);
  });

  it('drops what was used longest ago when it is full, and a lent file stays', async () => {
    const cache = await openBlobCache(dir, 10);
    const [first, second, third] = [blob('11111'), blob('22222'), blob('33333')];
    await cache.put({ tenant: ALICE, sha256: first.sha256 }, first.bytes);
    await cache.put({ tenant: ALICE, sha256: second.sha256 }, second.bytes);
    await cache.lend({ tenant: ALICE, sha256: first.sha256 }, join(out, 'first'));
    await cache.put({ tenant: ALICE, sha256: third.sha256 }, third.bytes);
    expect(cache.bytes).toBe(10);
    expect(await cache.has({ tenant: ALICE, sha256: second.sha256 })).toBe(false);
    expect(await cache.has({ tenant: ALICE, sha256: first.sha256 })).toBe(true);
    expect(readFileSync(join(out, 'first'), 'utf8')).toBe('11111');
    expect(readdirSync(join(dir, ALICE)).sort()).toEqual([first.sha256, third.sha256].sort());
  });

  it('after a restart knows what it has, and drops a file that lost its bytes', async () => {
    const [whole, cut] = [blob('whole'), blob('cut')];
    const before = await openBlobCache(dir, 1000);
    await before.put({ tenant: ALICE, sha256: whole.sha256 }, whole.bytes);
    await before.put({ tenant: ALICE, sha256: cut.sha256 }, cut.bytes);
    rmSync(join(dir, ALICE, cut.sha256));
    writeFileSync(join(dir, ALICE, cut.sha256), '');
    writeFileSync(join(dir, 'incoming', 'half'), 'half a download');
    const after = await openBlobCache(dir, 1000);
    expect(await after.has({ tenant: ALICE, sha256: whole.sha256 })).toBe(true);
    expect(await after.has({ tenant: ALICE, sha256: cut.sha256 })).toBe(false);
    expect(readdirSync(join(dir, 'incoming'))).toEqual([]);
  });

  it('fetches a blob once for many jobs that want it at the same time', async () => {
    const cache = await openBlobCache(dir, 1000);
    const fetcher = blobFetcher(peer.url, cache);
    const grant = peer.grant(Buffer.from('shared'));
    const all = await Promise.all(Array.from({ length: 20 }, () => fetcher.fetchAll(ALICE, [grant], never)));
    expect(all).toEqual(Array.from({ length: 20 }, () => ({ ok: true })));
    expect(peer.requests).toHaveLength(1);
  });

  it('tries again when the store fails, and gives up with a sentence', async () => {
    const cache = await openBlobCache(dir, 1000);
    const fetcher = blobFetcher(peer.url, cache);
    const grant = peer.grant(Buffer.from('late'));
    peer.faults.gets = 1;
    expect(await fetcher.fetchAll(ALICE, [grant], never)).toEqual({ ok: true });
    const missing = { ...grant, sha256: blob('missing').sha256 };
    expect(await fetcher.fetchAll(ALICE, [missing], never)).toEqual({
      ok: false,
      code: 'input_unavailable',
      reason: `blob ${missing.sha256.slice(0, 12)} could not be fetched: status 404`,
    });
  });

  it.each([
    ['longer', 'right and more', 'it is longer than 5 bytes'],
    ['of another digest', 'wrong', 'its bytes have another SHA-256'],
  ])('bytes that are %s than what was granted are never kept', async (_, served, reason) => {
    const cache = await openBlobCache(dir, 1000);
    const grant = peer.grant(Buffer.from('right'));
    peer.blobs.set(grant.sha256, Buffer.from(served));
    const fetched = await blobFetcher(peer.url, cache).fetchAll(ALICE, [grant], never);
    expect(fetched).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
    expect(await cache.has({ tenant: ALICE, sha256: grant.sha256 })).toBe(false);
  });
});
