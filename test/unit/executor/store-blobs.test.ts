import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { storeBlobs } from '../../../executor/store-blobs.ts';

/** A store that answers as it is told, and what it was asked. */
async function startStore(answer: (path: string, response: ServerResponse) => void) {
  const asked: string[] = [];
  const store = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.url}`);
    request.resume().on('end', () => answer(`${request.url}`, response));
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  onTestFinished(() => {
    store.closeAllConnections();
    store.close();
  });
  return { url: `http://127.0.0.1:${(store.address() as AddressInfo).port}`, asked };
}

const blobOf = (text: string) => ({
  sha256: createHash('sha256').update(text).digest('hex'),
  body: Buffer.from(text),
});
const busy = (response: ServerResponse) => response.writeHead(503, { 'retry-after': '3600' }).end();
const never = new AbortController().signal;

// Each of them would wait for half a minute.
test('an upload that nobody wants any more does not wait to be tried again', {
  timeout: 15_000,
}, async () => {
  const { url, asked } = await startStore((_, response) => busy(response));
  const abandoned = new AbortController();
  const stored = storeBlobs(url, 'capability', [blobOf('a')], abandoned.signal);
  await expect.poll(() => asked).toHaveLength(1);
  abandoned.abort();
  expect(await stored).toMatchObject({ ok: false });
});

test('one output that is refused for good ends the others, which wait', { timeout: 15_000 }, async () => {
  const [refused, waiting] = [blobOf('refused'), blobOf('waiting')];
  const told = Promise.withResolvers<void>();
  const { url } = await startStore((path, response) => {
    if (path.endsWith(refused.sha256)) void told.promise.then(() => response.writeHead(409).end());
    else busy(response).on('close', told.resolve);
  });
  expect(await storeBlobs(url, 'capability', [refused, waiting], never)).toEqual({
    ok: false,
    reason: 'an output could not be stored: status 409',
  });
});

test('equal bytes are stored once', async () => {
  const { url, asked } = await startStore((_, response) => response.writeHead(204).end());
  expect(await storeBlobs(url, 'capability', [blobOf('a'), blobOf('a')], never)).toEqual({ ok: true });
  expect(asked).toEqual([`/executor/blobs/${blobOf('a').sha256}`]);
});
