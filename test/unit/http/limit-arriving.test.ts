import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { AppEnv } from '../../../worker/http/app-env.ts';
import { asRefusal } from '../../../worker/http/as-refusal.ts';
import { limitArriving } from '../../../worker/http/limit-arriving.ts';
import { refusalResponse } from '../../../worker/http/refusal.ts';

/** A door behind which no body is ever whole, but of whom says so. */
function door() {
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    context.set('call', {
      requestId: 'req_1',
      address: context.req.header('cf-connecting-ip') ?? null,
      userAgent: null,
    });
    await next();
  });
  app.use(limitArriving());
  app.all('/whole', (context) => context.text('read'));
  app.all('*', () => new Promise<never>(() => {}));
  app.onError((error) => refusalResponse(asRefusal(error, 'req_1', '/'), 'req_1'));
  return (address: string | null, path: string, method = 'POST') =>
    app.request(path, {
      method,
      headers: { 'content-length': '32768', ...(address === null ? {} : { 'cf-connecting-ip': address }) },
    });
}

test('forms that Mallory never ends take a bounded part of the memory, and of it none that Ann sends from elsewhere', async () => {
  const send = door();
  for (let n = 0; n < 64; n++) void send('192.0.2.1', '/login');
  const more = await send('192.0.2.1', '/whole');
  expect([more.status, more.headers.get('retry-after')]).toEqual([503, '2']);
  expect((await send('192.0.2.2', '/whole')).status).toBe(200);
  expect((await send('192.0.2.1', '/whole', 'GET')).status).toBe(200);
});

test('forms that are read make room, and one address more is always let in', async () => {
  const send = door();
  for (let n = 0; n < 300; n++) expect((await send('192.0.2.3', '/whole')).status).toBe(200);
  for (let n = 0; n < 63; n++) void send('192.0.2.3', '/login');
  expect((await send('192.0.2.3', '/whole')).status).toBe(200);
});

test.each([
  ['an address that nobody vouches for', null, '/whole'],
  ['a message of a tenant', '192.0.2.4', '/mcp'],
  ['an upload of one', '192.0.2.4', '/uploads/x'],
  ['a blob of a run', '192.0.2.4', '/executor/blobs/x'],
])('%s is not counted here', async (_what, address, path) => {
  const send = door();
  for (let n = 0; n < 300; n++) void send(address, path === '/whole' ? '/login' : path);
  expect((await send(address, '/whole')).status).toBe(200);
});
