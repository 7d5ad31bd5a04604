import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Exits, fetchJson } from '../../../worker/outbound/guarded-fetch.ts';

/** A real server, that every exit leads to; what it answers is said by the test. */
let answer: (response: ServerResponse) => void;
let origin: string;
let left: { readonly exit: string; readonly url: string; readonly init: RequestInit }[];
const server = createServer((_request, response) => answer(response));
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  left = [];
  answer = json('{"a":1}');
});

const json =
  (body: string, headers: Record<string, string> = {}, status = 200) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
function exits(loopbackOrigins: readonly string[] = []): Exits {
  const through = (exit: string) => (url: string, init: RequestInit) => {
    left.push({ exit, url, init });
    return fetch(origin, init);
  };
  return { internet: through('internet'), loopback: through('loopback'), loopbackOrigins };
}
const get = (url = 'https://agent.example/client.json') => fetchJson(url, exits());

test('a document is fetched by one plain GET, without a credential and without following', async () => {
  expect(await get()).toEqual({ ok: true, json: { a: 1 }, maxAgeSeconds: 0 });
  expect(left).toHaveLength(1);
  expect(left[0]).toMatchObject({
    exit: 'internet',
    url: 'https://agent.example/client.json',
    init: {
      method: 'GET',
      redirect: 'manual',
      headers: { accept: 'application/json', 'user-agent': 'Causeway' },
    },
  });
  expect(left[0]?.init.signal).toBeInstanceOf(AbortSignal);
});

test('an address inside is not asked at all', async () => {
  expect(await get('https://169.254.169.254/latest')).toEqual({ ok: false, reason: 'internal_address' });
  expect(await get('http://agent.example/')).toEqual({ ok: false, reason: 'not_https' });
  expect(left).toEqual([]);
});

test('what is of a named origin of this machine leaves by the way to this machine, and nothing else does', async () => {
  expect(await fetchJson('http://127.0.0.1:9/a', exits(['http://127.0.0.1:9']))).toMatchObject({ ok: true });
  expect(await fetchJson('https://agent.example/', exits(['http://127.0.0.1:9']))).toMatchObject({
    ok: true,
  });
  expect(left.map(({ exit }) => exit)).toEqual(['loopback', 'internet']);
});

describe('an answer that is no such document is refused', () => {
  test.each<[string, (response: ServerResponse) => void, string]>([
    ['a redirect', json('{}', { location: 'http://127.0.0.1/' }, 302), 'redirected'],
    ['status 300', json('{}', {}, 300), 'redirected'],
    ['status 399', json('{}', {}, 399), 'redirected'],
    ['status 204', (response) => void response.writeHead(204).end(), 'bad_status'],
    ['status 201', json('{}', {}, 201), 'bad_status'],
    ['status 400', json('{}', {}, 400), 'bad_status'],
    ['status 500', json('{}', {}, 500), 'bad_status'],
    ['HTML', json('{}', { 'content-type': 'text/html' }), 'not_json'],
    ['a type that only begins so', json('{}', { 'content-type': 'application/jsonp' }), 'not_json'],
    ['a type that only ends so', json('{}', { 'content-type': 'x-application/json' }), 'not_json'],
    ['no type', (response) => void response.writeHead(200).end('{}'), 'not_json'],
    ['no JSON', json('{"a":'), 'not_json'],
    ['JSON with a name twice', json('{"a":1,"a":2}'), 'not_json'],
    ['more than 64 KiB', json(`"${'a'.repeat(65_535)}"`), 'too_large'],
    ['a connection that breaks', (response) => void response.destroy(), 'unreachable'],
  ])('%s', async (_what, answered, reason) => {
    answer = answered;
    expect(await get()).toEqual({ ok: false, reason });
  });
});

test('what is refused is not read to its end', async () => {
  const closed = Promise.withResolvers<void>();
  answer = (response) => {
    response.writeHead(500).write('x');
    response.once('close', closed.resolve);
  };
  expect(await get()).toEqual({ ok: false, reason: 'bad_status' });
  await closed.promise;
});

test.each<[string, number, boolean]>([
  ['refused', 500, true],
  ['accepted', 200, false],
])(
  'the rest of what is %s is given up at once, and not when its time is over',
  async (_what, status, isGivenUp) => {
    let wasGivenUp = false;
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{}'));
        if (status === 200) controller.close();
      },
      cancel() {
        wasGivenUp = true;
      },
    });
    const headers = { 'content-type': 'application/json' };
    const send = async () => new Response(body, { status, headers });
    const reached = { internet: send, loopback: send, loopbackOrigins: [] };
    expect(await fetchJson('https://agent.example/client.json', reached)).toMatchObject({ ok: !isGivenUp });
    expect(wasGivenUp).toBe(isGivenUp);
  },
);

describe('a document is accepted', () => {
  test.each<[string, Record<string, string>]>([
    ['with a charset', { 'content-type': 'application/json; charset=utf-8' }],
    ['with a charset after a blank', { 'content-type': 'application/json ;charset=utf-8' }],
    ['of a type of its own', { 'content-type': 'application/cimd+json' }],
    ['of a type in capitals', { 'content-type': 'Application/JSON' }],
  ])('%s', async (_what, headers) => {
    answer = json('{}', headers);
    expect(await get()).toMatchObject({ ok: true });
  });

  test('of 64 KiB exactly', async () => {
    answer = json(`"${'a'.repeat(65_534)}"`);
    expect(await get()).toMatchObject({ ok: true });
  });

  test.each<[string, number]>([
    ['max-age=600', 600],
    ['public, max-age=600', 600],
    ['public,MAX-AGE=7', 7],
    ['s-maxage=5', 0],
    ['x-max-age=5', 0],
    ['max-age=', 0],
    ['max-age=0', 0],
    ['max-age=9999999999', 999_999_999],
  ])('and kept as long as it says: %s is %i seconds', async (cacheControl, maxAgeSeconds) => {
    answer = json('{}', { 'cache-control': cacheControl });
    expect(await get()).toEqual({ ok: true, json: {}, maxAgeSeconds });
  });
});
