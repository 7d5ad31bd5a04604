import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { callSigned } from '../../../executor/call-signed.ts';

/** A worker whose clock is ahead by `aheadSeconds` and that believes no other; `heard` is what it was shown. */
async function startWorker(aheadSeconds: number, refusal = 401) {
  const heard: number[] = [];
  const server = createServer((request, response) => {
    const ownSeconds = Date.now() / 1000 + aheadSeconds;
    const shown = Number(request.headers.authorization);
    heard.push(Math.round(shown - Date.now() / 1000));
    response.sendDate = false;
    response.setHeader('date', new Date(ownSeconds * 1000).toUTCString());
    response.writeHead(Math.abs(shown - ownSeconds) < 60 ? 200 : refusal).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard };
}
const sign = (nowSeconds: number) => ({ authorization: String(nowSeconds), body: {} });

test.each([3600, -3600])(
  'a host whose clock is wrong by %i s is heard by the clock of the worker',
  async (s) => {
    const { url, heard } = await startWorker(s);
    expect(await callSigned(url, sign)).toMatchObject({ kind: 'answered', status: 200 });
    expect(heard).toHaveLength(2);
  },
);

test.each([
  ['the worker has the same time and refuses for something else', 0, 401],
  ['the refusal is for nothing that a clock could mend', 3600, 403],
])('asks once where %s', async (_why, aheadSeconds, refusal) => {
  const { url, heard } = await startWorker(aheadSeconds, refusal);
  const never = () => ({ authorization: '0', body: {} });
  expect(await callSigned(url, never)).toMatchObject({ kind: 'answered', status: refusal });
  expect(heard).toHaveLength(1);
});
