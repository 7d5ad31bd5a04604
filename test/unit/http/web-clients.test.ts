import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { AppEnv } from '../../../worker/http/app-env.ts';
import { allowWebClients, originsFor } from '../../../worker/http/web-clients.ts';

const FRIEND = 'https://friend.example';
const ALLOWED = { ALLOWED_ORIGINS: `${FRIEND},https://other.example` };

const app = new Hono<AppEnv>();
app.use(allowWebClients());
app.all('*', (context) => context.text('served'));

/** What a browser looks at: the status, and the headers that let a page read the answer. */
async function ask(method: string, path: string, headers: Record<string, string>, env: object = ALLOWED) {
  const answer = await app.request(path, { method, headers }, env);
  const shared = [...answer.headers].filter(
    ([name]) => name === 'vary' || name.startsWith('access-control-'),
  );
  return [answer.status, Object.fromEntries(shared)];
}

const preflight = (origin: string) => ({ origin, 'access-control-request-method': 'POST' });

describe('a page of an allowed origin', () => {
  test.each([
    ['/mcp', 'GET, POST, DELETE'],
    ['/mcp/', 'GET, POST, DELETE'],
    ['/oauth/token', 'POST'],
    ['/oauth/register', 'POST'],
    ['/oauth/revoke', 'POST'],
    ['/oauth/jwks', 'GET'],
    ['/.well-known/oauth-protected-resource', 'GET'],
    ['/.well-known/oauth-protected-resource/mcp', 'GET'],
    ['/.well-known/oauth-authorization-server', 'GET'],
    ['/.well-known/openid-configuration', 'GET'],
  ])('may call %s by %s', async (path, methods) => {
    expect(await ask('OPTIONS', path, preflight(FRIEND))).toEqual([
      204,
      {
        vary: 'Origin',
        'access-control-allow-origin': FRIEND,
        'access-control-allow-methods': methods,
        'access-control-allow-headers':
          'authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id',
        'access-control-max-age': '600',
        'access-control-expose-headers':
          'mcp-session-id, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id',
      },
    ]);
  });

  test.each<[string, Record<string, string>]>([
    ['POST', preflight(FRIEND)],
    ['OPTIONS', { origin: FRIEND }],
  ])('reads the answer to %s, which is no preflight', async (method, headers) => {
    expect(await ask(method, '/mcp', headers)).toEqual([
      200,
      {
        vary: 'Origin',
        'access-control-allow-origin': FRIEND,
        'access-control-expose-headers': expect.stringContaining('mcp-session-id') as string,
      },
    ]);
  });

  test.each(['/', '/login', '/mcp/ws', '/api/v1/me', '/oauth/authorize'])('may not call %s', async (path) => {
    expect(await ask('OPTIONS', path, preflight(FRIEND))).toEqual([200, {}]);
    expect(originsFor(path, ALLOWED)).toEqual([]);
  });
});

describe('nobody else reads an answer', () => {
  test.each<[string, Record<string, string>, object]>([
    ['of another origin', preflight('https://evil.example'), ALLOWED],
    ['without an origin', {}, ALLOWED],
    ['where the operator names none', preflight(FRIEND), {}],
  ])('%s', async (_what, headers, env) => {
    expect(await ask('OPTIONS', '/mcp', headers, env)).toEqual([200, { vary: 'Origin' }]);
  });
});

test('origins that are none are no reason to allow any', () => {
  expect(() => originsFor('/mcp', { ALLOWED_ORIGINS: '*' })).toThrow('must be origins');
});
