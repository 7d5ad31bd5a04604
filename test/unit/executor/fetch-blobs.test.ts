import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openBlobCache } from '../../../executor/blob-cache.ts';
import { blobFetcher } from '../../../executor/fetch-blobs.ts';

const CONTENT = 'a,b\n1,2\n';
const BLOB = { sha256: createHash('sha256').update(CONTENT).digest('hex'), bytes: CONTENT.length };

/** A fetcher at a store that answers when the test says so; who asked, by capability, in order. */
async function fetcherAtStore() {
  const asked: { capability: string; answer: ServerResponse }[] = [];
  const store = createServer(({ headers }, answer) => {
    asked.push({ capability: `${headers.authorization}`.replace('Bearer ', ''), answer });
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'causeway-fetch-'));
  onTestFinished(async () => {
    store.closeAllConnections();
    store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const cache = await openBlobCache(folder, 1_000_000);
  const fetcher = blobFetcher(`http://127.0.0.1:${(store.address() as AddressInfo).port}`, cache);
  const fetch = (capability: string) =>
    fetcher.fetchAll('ten', [{ ...BLOB, capability }], new AbortController().signal);
  const who = () => asked.map(({ capability }) => capability);
  return { asked, who, fetch };
}

it('what several runs want at once is fetched once', async () => {
  const { asked, who, fetch } = await fetcherAtStore();
  const both = [fetch('first'), fetch('second')];
  await expect.poll(who).toHaveLength(1);
  asked[0]?.answer.end(CONTENT);
  expect(await Promise.all(both)).toEqual([{ ok: true }, { ok: true }]);
  expect(await fetch('third')).toEqual({ ok: true });
  expect(who()).toHaveLength(1);
});

it('a run is not refused what another was refused, whose attempt is over', async () => {
  const { asked, who, fetch } = await fetcherAtStore();
  const over = fetch('of an attempt that is over');
  await expect.poll(who).toHaveLength(1);
  const lives = fetch('of one that lives');
  asked[0]?.answer.writeHead(404).end();
  expect(await over).toMatchObject({ ok: false, code: 'input_unavailable' });
  await expect.poll(who).toEqual(['of an attempt that is over', 'of one that lives']);
  asked[1]?.answer.end(CONTENT);
  expect(await lives).toEqual({ ok: true });
});
