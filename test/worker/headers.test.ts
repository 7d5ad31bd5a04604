import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../worker/http/routes.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const NEEDED: Readonly<Record<string, RegExp>> = {
  'content-security-policy': /default-src 'none'/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^(no-referrer|same-origin)$/,
  'permissions-policy': /camera=\(\)/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'cache-control': /./,
  'x-request-id': /^req_/,
};

async function lacking(response: Response): Promise<readonly string[]> {
  await response.body?.cancel();
  return Object.entries(NEEDED).flatMap(([name, form]) =>
    form.test(response.headers.get(name) ?? '') ? [] : [name],
  );
}

const concrete = (path: string) => path.replace(/:[a-z0-9]+/g, 'x');
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${stack.publicUrl}${path}`, { redirect: 'manual', ...init });

describe('every answer carries the headers that protect browsers, whatever the answer is', () => {
  test.each(ROUTES.map(({ method, path }) => [method === 'ALL' ? 'GET' : method, path] as const))(
    'to a stranger: %s %s',
    async (method, path) => {
      expect(await lacking(await ask(concrete(path), { method }))).toEqual([]);
    },
  );

  const token = { authorization: `Bearer ${stack.apiToken}` };
  const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  test.each<[string, number, string, RequestInit]>([
    ['a path that does not exist', 401, '/nothing', {}],
    ['the same with a token', 404, '/nothing', { headers: token }],
    ['a method that is not taken', 405, '/mcp', { method: 'PUT', headers: token }],
    [
      'a body that is too large',
      413,
      '/mcp',
      { method: 'POST', headers: { ...token, ...json }, body: 'x'.repeat(9 * 1024 * 1024) },
    ],
    [
      'a body of another type',
      415,
      '/login',
      { method: 'POST', headers: { 'content-type': 'text/plain', origin: stack.publicUrl }, body: 'x' },
    ],
    ['a body that is no JSON', 400, '/mcp', { method: 'POST', headers: { ...token, ...json }, body: '{' }],
    ['a page of another site', 403, '/login', { headers: { origin: 'https://evil.example' } }],
    ['an address that is no text', 400, '/%ff', {}],
    ['no upgrade where a socket is spoken', 400, '/mcp/ws', { headers: token }],
    [
      'a preflight of an origin that is not named',
      403,
      '/mcp',
      {
        method: 'OPTIONS',
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      },
    ],
  ])('%s: %i', async (_what, status, path, init) => {
    const response = await ask(path, init);
    expect(response.status).toBe(status);
    expect(await lacking(response)).toEqual([]);
  });

  test.each([
    ['/executor/connect', {}],
    ['/executor/runs/run_x/feed', { authorization: 'Bearer x' }],
    ['/mcp/ws', { authorization: 'Bearer x' }],
  ])('an upgrade without a credential: %s', async (path, headers) => {
    const response = await upgrade(path, headers);
    expect(response.status).toBe(401);
    expect(await lacking(response)).toEqual([]);
  });
});

/** Asks for a WebSocket, which `fetch` cannot. */
function upgrade(path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const handshake = { 'sec-websocket-version': '13', 'sec-websocket-key': 'x3JJHMbDL1EzLkh9GBhXDw==' };
  return new Promise((resolve, reject) => {
    const asked = request(`${stack.publicUrl}${path}`, {
      headers: { ...headers, ...handshake, connection: 'upgrade', upgrade: 'websocket' },
    });
    asked.on('response', ({ statusCode, headers: said }) => {
      asked.destroy();
      resolve(new Response(null, { status: statusCode ?? 0, headers: said as Record<string, string> }));
    });
    asked.on('error', reject).end();
  });
}
