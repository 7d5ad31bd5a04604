import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorizePath, newPkce, postRegistration, registerClient, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { newAddress, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const REDIRECT = 'http://127.0.0.1:9999/callback';
const valid = { redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' };

describe('a registration', () => {
  test('answers what was registered, and a public client has no secret', async () => {
    const response = await postRegistration(stack, { ...valid, client_name: 'Agent' });
    expect(response.status).toBe(201);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({
      client_id: expect.stringMatching(/^cli_/),
      client_name: 'Agent',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    expect(body).not.toHaveProperty('client_secret');
  });

  const RTL = 'Bank\u202eevil';
  test.each<[string, unknown, string]>([
    ['no redirect', {}, 'invalid_redirect_uri'],
    ['a script as redirect', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['data as redirect', { redirect_uris: ['data:text/html,x'] }, 'invalid_redirect_uri'],
    ['a file as redirect', { redirect_uris: ['file:///etc/passwd'] }, 'invalid_redirect_uri'],
    ['plain http elsewhere', { redirect_uris: ['http://agent.example/cb'] }, 'invalid_redirect_uri'],
    [
      'localhost of somebody else',
      { redirect_uris: ['http://localhost.evil.example/cb'] },
      'invalid_redirect_uri',
    ],
    ['a fragment', { redirect_uris: ['https://a.example/cb#x'] }, 'invalid_redirect_uri'],
    ['user info', { redirect_uris: ['https://u:p@a.example/cb'] }, 'invalid_redirect_uri'],
    ['dots', { redirect_uris: ['https://a.example/x/../cb'] }, 'invalid_redirect_uri'],
    ['a homoglyph', { redirect_uris: ['https://аpple.example/cb'] }, 'invalid_redirect_uri'],
    ['one good and one bad', { redirect_uris: [REDIRECT, 'javascript:x'] }, 'invalid_redirect_uri'],
    [
      'eleven redirects',
      { redirect_uris: Array.from({ length: 11 }, () => REDIRECT) },
      'invalid_client_metadata',
    ],
    ['a name that turns its reading', { ...valid, client_name: RTL }, 'invalid_client_metadata'],
    [
      'a name with a zero-width character',
      { ...valid, client_name: 'Cla\u200bude' },
      'invalid_client_metadata',
    ],
    ['a name of 256 characters', { ...valid, client_name: 'x'.repeat(256) }, 'invalid_client_metadata'],
    ['a logo inside', { ...valid, logo_uri: 'http://169.254.169.254/latest' }, 'invalid_client_metadata'],
    ['keys inside', { ...valid, jwks_uri: 'https://10.0.0.1/jwks' }, 'invalid_client_metadata'],
    ['the implicit grant alone', { ...valid, grant_types: ['implicit'] }, 'invalid_client_metadata'],
    ['the implicit response', { ...valid, response_types: ['token'] }, 'invalid_client_metadata'],
    [
      'an unknown authentication',
      { ...valid, token_endpoint_auth_method: 'private_key_jwt' },
      'invalid_client_metadata',
    ],
    ['an array', [valid], 'invalid_client_metadata'],
    ['no JSON', '{', 'invalid_client_metadata'],
    ['null', 'null', 'invalid_client_metadata'],
  ])('with %s is refused', async (_what, metadata, error) => {
    const response = await postRegistration(stack, metadata);
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, error]);
  });

  test('of 1 MB is refused before it is read', async () => {
    const response = await postRegistration(stack, { ...valid, software_id: 'x'.repeat(1_000_000) });
    expect(response.status).toBe(413);
  });

  test('flood is stopped by its address, and nobody else is', async () => {
    const flood = newAddress();
    const statuses: number[] = [];
    for (let index = 0; index < 25; index++)
      statuses.push((await postRegistration(stack, valid, flood)).status);
    expect(statuses.slice(0, 20).every((status) => status === 201)).toBe(true);
    expect(statuses.at(-1)).toBe(429);
    expect((await postRegistration(stack, valid)).status).toBe(201);
  });

  test('that nobody used in its time is no client any more', async () => {
    const client = await registerClient(stack);
    await queryAs(
      stack.superuserUrl,
      'update app.oauth_clients set expires_at = now() where client_id = $1',
      [client.client_id],
    );
    const browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
    expect((await browser.get(authorizePath(client, newPkce()))).status).toBe(400);
  });
});

describe('nothing in the metadata is ever fetched', () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.end();
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each(['logo_uri', 'jwks_uri', 'client_uri', 'policy_uri', 'tos_uri'])('%s', async (field) => {
    const { port } = server.address() as AddressInfo;
    const response = await postRegistration(stack, {
      ...valid,
      [field]: `http://127.0.0.1:${port}/${field}`,
    });
    expect(response.status).toBe(400);
    expect(seen).toEqual([]);
  });
});
