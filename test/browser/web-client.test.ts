import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { startBrowser } from '../support/browser.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let browser: Browser;
const sites: Server[] = [];

/** A web site of its own origin, with an empty page. */
async function serveSite(port: number): Promise<string> {
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>A client</title>');
  });
  await new Promise<void>((resolve) => site.listen(port, '127.0.0.1', resolve));
  sites.push(site);
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

let client: string;
let mallory: string;
beforeAll(async () => {
  const port = await findFreePort();
  client = `http://127.0.0.1:${port}`;
  const started = await startTestStack({
    slots: 0,
    settings: { ALLOWED_ORIGINS: `https://other.example, ${client}` },
  });
  ({ stack, stop } = started);
  await serveSite(port);
  mallory = await serveSite(0);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  for (const site of sites) site.close();
  await stop?.();
});

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body: string;
}

/** What a script of the page at `site` sees of a request; null where the browser shows it nothing. */
async function fetchFrom(
  site: string,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string; credentials?: 'include' } = {},
): Promise<Seen | null> {
  // No header beyond those of the page: a preflight would ask for it.
  const profile = await browser.newContext();
  try {
    const page = await profile.newPage();
    await page.goto(site);
    return await inPage(page, `${stack.publicUrl}${path}`, init);
  } finally {
    await profile.close();
  }
}

function inPage(page: Page, url: string, init: object): Promise<Seen | null> {
  return page.evaluate(
    async ([target, options]) => {
      try {
        const response = await fetch(target as string, options as RequestInit);
        const names = ['www-authenticate', 'mcp-session-id', 'x-request-id'];
        const headers = Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));
        return { status: response.status, headers, body: await response.text() };
      } catch {
        return null;
      }
    },
    [url, init] as const,
  );
}

const rpc = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const initialize = rpc('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'page', version: '1' },
});
const mcp = (body: string, authorization?: string) => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    ...(authorization === undefined ? {} : { authorization }),
  },
  body,
});

describe('a page of an origin that the operator allows', () => {
  test('is told where to sign in, and reads the metadata, the keys and refusals', async () => {
    const refused = await fetchFrom(client, '/mcp', mcp(initialize));
    expect(refused?.status).toBe(401);
    expect(refused?.headers['www-authenticate']).toContain('resource_metadata=');
    expect(refused?.headers['x-request-id']).toMatch(/^req_/);
    for (const path of [
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-authorization-server',
      '/.well-known/openid-configuration',
      '/oauth/jwks',
    ]) {
      const headers = { 'mcp-protocol-version': '2025-11-25' };
      expect((await fetchFrom(client, path, { headers }))?.status, path).toBe(200);
    }
  });

  test('registers a client, and reads why it gets no token', async () => {
    const metadata = { client_name: 'A page', redirect_uris: [`${client}/callback`] };
    const headers = { 'content-type': 'application/json' };
    const registered = await fetchFrom(client, '/oauth/register', {
      ...{ method: 'POST', headers, body: JSON.stringify(metadata) },
    });
    expect([registered?.status, registered?.body]).toEqual([201, expect.stringContaining('client_id')]);
    const token = await fetchFrom(client, '/oauth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=authorization_code&code=none',
    });
    expect([token?.status, token?.body]).toEqual([400, expect.stringContaining('"error"')]);
  });

  test('calls the MCP endpoint with a token', async () => {
    const answered = await fetchFrom(client, '/mcp', mcp(initialize, `Bearer ${stack.apiToken}`));
    expect([answered?.status, answered?.body]).toEqual([200, expect.stringContaining('serverInfo')]);
    const listed = await fetchFrom(client, '/mcp/', mcp(rpc('tools/list'), `Bearer ${stack.apiToken}`));
    expect(listed?.body).toContain('whoami');
  });

  test('cannot send a cookie along, nor call a page or the management API', async () => {
    const withCookies = { ...mcp(initialize), credentials: 'include' as const };
    expect(await fetchFrom(client, '/mcp', withCookies)).toBeNull();
    for (const path of ['/', '/account', '/login', '/healthz', '/api/v1/me', '/oauth/authorize', '/nothing'])
      expect(await fetchFrom(client, path), path).toBeNull();
  });
});

describe("Mallory's page, of an origin that nobody allows,", () => {
  test.each([
    '/mcp',
    '/oauth/token',
    '/oauth/register',
    '/oauth/jwks',
    '/.well-known/oauth-authorization-server',
  ])('reads nothing of %s, and the Worker does nothing for it', async (path) => {
    expect(await fetchFrom(mallory, path)).toBeNull();
    expect(await fetchFrom(mallory, path, mcp(initialize, `Bearer ${stack.apiToken}`))).toBeNull();
    for (const method of ['OPTIONS', 'POST']) {
      const sent = await fetch(`${stack.publicUrl}${path}`, {
        method,
        headers: { origin: mallory, 'access-control-request-method': 'POST' },
      });
      expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      await sent.text();
    }
  });
});

test('a preflight allows what clients send, no cookies, and the one origin that asked', async () => {
  const response = await fetch(stack.mcpUrl, {
    method: 'OPTIONS',
    headers: { origin: client, 'access-control-request-method': 'POST' },
  });
  expect(response.status).toBe(204);
  const { headers } = response;
  expect(headers.get('access-control-allow-origin')).toBe(client);
  expect(headers.get('vary')).toContain('Origin');
  expect(headers.get('access-control-allow-methods')).toBe('GET, POST, DELETE');
  expect(headers.get('access-control-allow-headers')).toContain('mcp-protocol-version');
  expect(headers.get('access-control-allow-credentials')).toBeNull();
});
