import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveDocuments } from '../support/document-host.ts';
import { callTool } from '../support/mcp-call.ts';
import { authorizePath, decide, exchange, newPkce, REDIRECT, signedIn } from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const seen: string[] = [];
/** Before the paths of documents of the named origin, and the origin of the same server, which nobody named. */
let origin = '';
let unnamed = '';
let stop: () => Promise<void>;
let browser: Visitor;

const json =
  (body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
const documentOf = (path: string, changes: object = {}) => ({
  client_id: `${origin}${path}`,
  client_name: 'Document agent',
  redirect_uris: [REDIRECT],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
  ...changes,
});

/** What the host of documents answers, by path; a path that is not here answers with a good document. */
const ANSWERS: Record<string, () => RequestListener> = {
  '/other-id.json': () => json(documentOf('/good.json')),
  '/no-json.json': () => (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>');
  },
  '/broken.json': () => json('{'),
  '/null.json': () => json('null'),
  '/huge.json': () => json(JSON.stringify(documentOf('/huge.json', { padding: 'x'.repeat(5_000_000) }))),
  '/gone.json': () => (_request, response) => void response.writeHead(404).end(),
  '/moved.json': () => (_request, response) =>
    void response.writeHead(302, { location: `${origin}/internal-secret` }).end(),
  '/moved-inside.json': () => (_request, response) =>
    void response.writeHead(307, { location: `${unnamed}/internal-secret` }).end(),
  '/secret.json': () => json(documentOf('/secret.json', { client_secret: 'x' })),
  '/script.json': () => json(documentOf('/script.json', { redirect_uris: ['javascript:alert(1)'] })),
  '/confidential.json': () =>
    json(documentOf('/confidential.json', { token_endpoint_auth_method: 'client_secret_basic' })),
  // It never answers in full; the request ends when the client's time is over.
  '/slow.json': () => (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{');
  },
};

beforeAll(async () => {
  ({
    origin,
    own: unnamed,
    stop,
  } = await serveDocuments((request, response) => {
    const path = request.url ?? '';
    seen.push(path);
    (ANSWERS[path]?.() ?? json(documentOf(path)))(request, response);
  }));
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
});
afterAll(() => stop());

describe('a client that is known by its metadata document', () => {
  test('is shown with the host of the document, is let in, and works', async () => {
    const client = { client_id: `${origin}/good.json` };
    const pkce = newPkce();
    const page = await (await browser.get(authorizePath(client, pkce))).text();
    expect(page).toContain(`<strong>${new URL(origin).host}</strong>`);
    expect(page).toContain('Document agent');
    const location = await decide(browser, authorizePath(client, pkce));
    const { status, body } = await exchange(stack, {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code: location.searchParams.get('code') ?? '',
      code_verifier: pkce.verifier,
    });
    expect(status).toBe(200);
    expect((await callTool(stack, body.access_token, 'whoami')).error).toBeNull();
    // The page was opened twice; the document is believed for its time.
    expect(seen.filter((path) => path === '/good.json')).toHaveLength(1);
  });

  test.each([
    ['/other-id.json', 'client_id'],
    ['/no-json.json', 'not_json'],
    ['/broken.json', 'not_json'],
    ['/null.json', 'not acceptable'],
    ['/huge.json', 'too_large'],
    ['/gone.json', 'bad_status'],
    ['/moved.json', 'redirected'],
    ['/moved-inside.json', 'redirected'],
    ['/secret.json', 'client_secret'],
    ['/script.json', 'redirect_uris'],
    ['/confidential.json', 'token_endpoint_auth_method'],
    ['/slow.json', 'too_slow'],
    ['/good.json?query=1', 'client_id'],
    ['/a/../good.json', 'client_id'],
  ])('is refused as %s, with the reason', async (path, reason) => {
    const response = await browser.get(authorizePath({ client_id: `${origin}${path}` }, newPkce()));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await response.text()).toContain(reason);
  });

  test('is not let redirect this server elsewhere', () => {
    expect(seen).toEqual(expect.arrayContaining(['/moved.json', '/moved-inside.json']));
    expect(seen).not.toContain('/internal-secret');
  });

  test('may redirect nowhere but to what its document names', async () => {
    const path = authorizePath({ client_id: `${origin}/good.json` }, newPkce(), {
      redirect_uri: 'https://evil.example/cb',
    });
    const response = await browser.get(path);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  test('is not looked at for a stranger: signing in comes first', async () => {
    const stranger = new Visitor(stack);
    const response = await stranger.get(
      authorizePath({ client_id: `${origin}/never-asked.json` }, newPkce()),
    );
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(/^\/login/);
    expect(seen).not.toContain('/never-asked.json');
  });
});

describe('of this machine nothing but the named origin is fetched, by that name alone:', () => {
  const named = () => new URL(origin);
  test.each<[string, () => string]>([
    ['another port', () => `${unnamed}/unnamed.json`],
    ['localhost', () => `http://localhost:${named().port}${named().pathname}/unnamed.json`],
    ['IPv6', () => `http://[::1]:${named().port}${named().pathname}/unnamed.json`],
    ['short', () => `http://127.1:${named().port}${named().pathname}/unnamed.json`],
    ['decimal', () => `http://2130706433:${named().port}${named().pathname}/unnamed.json`],
    ['with a dot', () => `http://127.0.0.1.:${named().port}${named().pathname}/unnamed.json`],
    ['capitals', () => `HTTP://127.0.0.1:${named().port}${named().pathname}/unnamed.json`],
    ['https', () => `https://127.0.0.1:${named().port}${named().pathname}/unnamed.json`],
    ['credentials', () => `http://a:b@127.0.0.1:${named().port}${named().pathname}/unnamed.json`],
    ['a blob', () => `blob:${origin}/unnamed.json`],
    ['no path', () => `${named().origin}/`],
  ])('%s', async (_what, address) => {
    const response = await browser.get(authorizePath({ client_id: address() }, newPkce()));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(seen).not.toContain('/unnamed.json');
  });
});

describe('an address inside is refused in every spelling', () => {
  test.each([
    'https://10.0.0.1/c.json',
    'https://169.254.169.254/latest/meta-data',
    'https://2130706433/c.json',
    'https://0x7f000001/c.json',
    'https://0177.0.0.1/c.json',
    'https://127.1/c.json',
    'https://[::1]/c.json',
    'https://[::ffff:127.0.0.1]/c.json',
    'https://[fd00::1]/c.json',
    'https://localhost/c.json',
    'https://metadata.google.internal/c.json',
    'https://router/c.json',
    'https://user:pw@agent.example/c.json',
    'https://agent.example:8443/c.json',
    'http://agent.example/c.json',
  ])('%s', async (address) => {
    const response = await browser.get(authorizePath({ client_id: address }, newPkce()));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });
});
