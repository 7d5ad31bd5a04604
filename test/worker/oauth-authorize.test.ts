import { beforeAll, describe, expect, test } from 'vitest';
import { authorizePath, newPkce, type RegisteredClient, registerClient, signedIn } from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const HTTPS = 'https://agent.example/cb';

let ann: Account;
let browser: Visitor;
let client: RegisteredClient;
let web: RegisteredClient;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  browser = await signedIn(stack, ann);
  client = await registerClient(stack);
  web = await registerClient(stack, { redirect_uris: [HTTPS] });
});

describe('a request whose client or redirect address is not proven is shown to the person and sent nowhere', () => {
  const redirects: readonly (readonly [string, string])[] = [
    ['another host', 'https://evil.example/cb'],
    ['a slash more', `${HTTPS}/`],
    ['another case', 'https://agent.example/CB'],
    ['another case of the host', 'https://AGENT.example/cb'],
    ['a port', 'https://agent.example:8443/cb'],
    ['the default port', 'https://agent.example:443/cb'],
    ['a query more', `${HTTPS}?next=https://evil.example`],
    ['a fragment', `${HTTPS}#x`],
    ['dots', 'https://agent.example/x/../cb'],
    ['encoded dots', 'https://agent.example/%2e/cb'],
    ['user info', 'https://agent.example@evil.example/cb'],
    ['user info before', 'https://evil.example@agent.example/cb'],
    ['a homoglyph', 'https://agent.еxample/cb'],
    ['an added subdomain', 'https://agent.example.evil.example/cb'],
    ['plain http', 'http://agent.example/cb'],
    ['a script', 'javascript:alert(1)//agent.example/cb'],
    ['a line break', 'https://agent.example/cb\n'],
  ];
  test.each(redirects)('redirect_uri: %s', async (_what, redirect) => {
    const response = await browser.get(authorizePath(web, newPkce(), { redirect_uri: redirect }));
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).toContain('Reference: <code>req_');
  });

  const loopbacks: readonly (readonly [string, string, number])[] = [
    ['another port', 'http://127.0.0.1:1234/callback', 200],
    ['no port', 'http://127.0.0.1/callback', 200],
    ['a port beyond the last', 'http://127.0.0.1:99999/callback', 400],
    ['localhost for 127.0.0.1', 'http://localhost:9999/callback', 400],
    ['localhost of somebody else', 'http://localhost.evil.example/callback', 400],
    ['user info', 'http://127.0.0.1:9999@evil.example/callback', 400],
    ['another path', 'http://127.0.0.1:9999/other', 400],
    ['another loopback address', 'http://127.0.0.2:9999/callback', 400],
    ['https', 'https://127.0.0.1:9999/callback', 400],
  ];
  test.each(loopbacks)('on loopback: %s', async (_what, redirect, status) => {
    const response = await browser.get(authorizePath(client, newPkce(), { redirect_uri: redirect }));
    expect(response.status).toBe(status);
    expect(response.headers.get('location')).toBeNull();
  });

  test('redirect_uri left out where the client has several', async () => {
    const several = await registerClient(stack, { redirect_uris: [HTTPS, 'https://agent.example/other'] });
    const response = await browser.get(authorizePath(several, newPkce(), { redirect_uri: undefined }));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  test.each<[string, string]>([
    ['an unknown client', 'cli_01jd00000000000000000000zz'],
    ['a client id of another form', '../../etc/passwd'],
    ['markup as client id', '<script>alert(1)</script>'],
  ])('%s', async (_what, id) => {
    const response = await browser.get(authorizePath({ client_id: id }, newPkce()));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await response.text()).not.toContain('<script>alert');
  });

  test.each(['client_id', 'redirect_uri', 'state', 'resource', 'code_challenge'])(
    '%s given twice',
    async (name) => {
      const path = authorizePath(client, newPkce(), { resource: stack.mcpUrl });
      const response = await browser.get(`${path}&${name}=again`);
      expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    },
  );
});

describe('a request that is wrong otherwise is answered to the client, with issuer and state', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['the implicit grant', { response_type: 'token' }, 'unsupported_response_type'],
    ['an ID token', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['PKCE plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['PKCE without method, which means plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['a challenge that is too short', { code_challenge: 'abc' }, 'invalid_request'],
    ['a challenge with bad characters', { code_challenge: '+'.repeat(43) }, 'invalid_request'],
    ['a foreign resource', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['the origin as resource', { resource: stack.publicUrl }, 'invalid_target'],
    ['only unknown scopes', { scope: 'admin root' }, 'invalid_scope'],
    ['a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['a fragment response', { response_mode: 'fragment' }, 'invalid_request'],
  ])('%s', async (_what, changes, error) => {
    const response = await browser.get(authorizePath(client, newPkce(), changes));
    expect(response.status).toBe(303);
    const location = new URL(response.headers.get('location') ?? '');
    expect(location.origin).toBe('http://127.0.0.1:9999');
    expect(location.searchParams.get('error')).toBe(error);
    expect(location.searchParams.get('state')).toBe('state-1');
    expect(location.searchParams.get('iss')).toBe(stack.publicUrl);
    expect(location.searchParams.has('code')).toBe(false);
  });
});

describe("nobody but Ann's own browser, on the page that she saw, can agree for her", () => {
  const ACTION = '/oauth/authorize';
  let fields: Record<string, string>;
  beforeAll(async () => {
    const page = await (await browser.get(authorizePath(client, newPkce()))).text();
    fields = { ...hiddenFields(page, ACTION), decision: 'allow' };
  });

  const without = (name: string) =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));

  test.each<[string, () => Promise<Response>]>([
    ['a page of another site', () => browser.post(ACTION, fields, { origin: 'https://evil.example' })],
    ['a frame of another site', () => browser.post(ACTION, fields, { 'sec-fetch-site': 'cross-site' })],
    ['no form token', () => browser.post(ACTION, without('csrf'))],
    ['a guessed form token', () => browser.post(ACTION, { ...fields, csrf: 'A'.repeat(43) })],
    ['no sealed request', () => browser.post(ACTION, without('request'))],
    ['a changed sealed request', () => browser.post(ACTION, { ...fields, request: `${fields.request}x` })],
    ['GET instead of POST', () => browser.get(`${ACTION}?${new URLSearchParams(fields)}`)],
  ])('%s', async (_what, send) => {
    const response = await send();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('location')).toBeNull();
  });

  test("Mallory's session with the request that Ann's page carried", async () => {
    const mallory = await settleAccount(stack, { name: 'Mallory' });
    const hers = await signedIn(stack, mallory);
    const own = hiddenFields(await (await hers.get(authorizePath(client, newPkce()))).text(), ACTION);
    const response = await hers.post(ACTION, { ...own, request: fields.request ?? '', decision: 'allow' });
    expect([response.status, response.headers.get('location')]).toEqual([403, null]);
  });

  test("Mallory for Ann's team, which is not there for her", async () => {
    const mallory = await settleAccount(stack, { name: 'Mallory' });
    const hers = await signedIn(stack, mallory);
    const own = hiddenFields(await (await hers.get(authorizePath(client, newPkce()))).text(), ACTION);
    const response = await hers.post(ACTION, { ...own, tenant: ann.tenant, decision: 'allow' });
    expect([response.status, response.headers.get('location')]).toEqual([404, null]);
  });
});
