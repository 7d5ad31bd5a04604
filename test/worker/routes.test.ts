import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../worker/http/routes.ts';
import { postMcp } from '../support/mcp-call.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;

const concrete = (path: string) => path.replace(/:[a-z0-9]+/g, 'x');

describe('every route that is not public answers 401 with WWW-Authenticate to a stranger', () => {
  const guarded = ROUTES.filter(({ credential }) => !['public', 'session', 'link'].includes(credential));
  test.each(guarded.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s',
    async (_name, route) => {
      const methods = route.method === 'ALL' ? METHODS : [route.method];
      for (const method of methods) {
        const response = await fetch(`${stack.publicUrl}${concrete(route.path)}`, { method });
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toBeTruthy();
        await response.text();
      }
    },
  );

  test.each(METHODS)('%s of a path that does not exist, so that it tells nothing', async (method) => {
    for (const path of [
      '/nothing',
      '/mcp/sessions',
      '/admin',
      '/api/v1/users',
      '/.env',
      '/executor',
      '/%2e%2e/x',
    ]) {
      const response = await fetch(`${stack.publicUrl}${path}`, { method });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBeTruthy();
      await response.text();
    }
  });
});

test('a browser at an address that does not exist is told so on a page', async () => {
  const response = await fetch(`${stack.publicUrl}/nothing`, { headers: { accept: 'text/html' } });
  expect([response.status, response.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
  expect(response.headers.get('www-authenticate')).toContain('resource_metadata=');
  expect(await response.text()).toContain('There is no page at this address');
});

describe('a page shows a stranger nothing', () => {
  const pages = (credential: string) =>
    ROUTES.filter((route) => route.credential === credential).map(
      (route) => [`${route.method} ${route.path}`, route] as const,
    );
  const ask = (route: { readonly method: string; readonly path: string }) =>
    fetch(`${stack.publicUrl}${concrete(route.path)}`, {
      method: route.method,
      redirect: 'manual',
      headers: { accept: 'text/html' },
      ...(route.method === 'POST' ? { body: new URLSearchParams({ any: 'field' }) } : {}),
    });

  test.each(pages('session'))('%s sends them to sign in, and does nothing', async (_name, route) => {
    const response = await ask(route);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(/^\/login(\?return_to=[A-Za-z0-9_.-]+)?$/);
    expect(await response.text()).toBe('');
  });

  test.each(pages('link'))(
    '%s without a live link is not there, and its form is not taken',
    async (_name, route) => {
      const response = await ask(route);
      expect(response.status).toBe(route.method === 'GET' ? 404 : 403);
      await response.text();
    },
  );
});

describe('the public routes', () => {
  test('are exactly these', () => {
    const open = ROUTES.filter(({ credential }) => credential === 'public');
    expect(new Set(open.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set([
        'GET /',
        'GET /assets/:file',
        'GET /healthz',
        'GET /login',
        'POST /login',
        'POST /api/v1/session',
        'GET /.well-known/oauth-protected-resource',
        'GET /.well-known/oauth-protected-resource/mcp',
        'GET /.well-known/oauth-authorization-server',
        'GET /.well-known/openid-configuration',
        'POST /oauth/register',
        'GET /oauth/authorize',
        'POST /oauth/token',
        'POST /oauth/revoke',
        'POST /oauth/device',
        'GET /oauth/jwks',
      ]),
    );
  });

  test('a browser is shown the page at / and at /mcp; an agent that GETs /mcp is not', async () => {
    for (const path of ['/', '/mcp', '/mcp/']) {
      const response = await fetch(`${stack.publicUrl}${path}`, { headers: { accept: 'text/html,*/*' } });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain(`${stack.publicUrl}/mcp`);
    }
    const agent = await fetch(stack.mcpUrl, { headers: { accept: 'text/event-stream' } });
    expect(agent.status).toBe(401);
  });

  test('health says that the start-up checks pass', async () => {
    const response = await fetch(`${stack.publicUrl}/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ ok: true });
  });
});

test('a trailing slash at /mcp is tolerated', async () => {
  const response = await fetch(`${stack.mcpUrl}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${stack.apiToken}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('whoami');
});

test.each(['PUT', 'PATCH', 'OPTIONS', 'GET', 'DELETE'])(
  '%s of /mcp, with a token, is told the one method that it takes',
  async (method) => {
    const authorization = `Bearer ${stack.apiToken}`;
    const response = await fetch(stack.mcpUrl, { method, headers: { authorization } });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    await response.text();
  },
);

describe('a web page of another origin is refused, whatever it sends', () => {
  test.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'http://127.0.0.1:1'])(
    'Origin: %s',
    async (origin) => {
      const response = await postMcp(
        stack,
        stack.apiToken,
        { jsonrpc: '2.0', id: 1, method: 'tools/list' },
        { headers: { origin } },
      );
      expect(response.status).toBe(403);
      expect(((await response.json()) as { error: { code: string } }).error.code).toBe('forbidden_origin');
    },
  );
});

test('every answer carries the security headers, a refusal too', async () => {
  for (const path of ['/', '/mcp', '/nothing']) {
    const { headers } = await fetch(`${stack.publicUrl}${path}`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-request-id')).toMatch(/^req_/);
  }
});
