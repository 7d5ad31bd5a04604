import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { asOperatorOf } from '../support/causeway.ts';
import { callTool, postMcp } from '../support/mcp-call.ts';
import {
  claimsOf,
  exchange,
  freshCode,
  postForm,
  type RegisteredClient,
  registerClient,
  signedIn,
} from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`,
});

let ann: Account;
let browser: Visitor;
let secretive: RegisteredClient;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  browser = await signedIn(stack, ann);
  secretive = await registerClient(stack, { token_endpoint_auth_method: 'client_secret_basic' });
});

describe('the token endpoint takes one form in one way', () => {
  const answer = async (response: Response) => [
    response.status,
    ((await response.json()) as { error: string }).error,
    response.headers.get('cache-control'),
  ];
  const JSON_TYPE = { 'content-type': 'application/json' };
  test.each<[string, string, Record<string, string> | string, Record<string, string>, number, string]>([
    ['JSON', '/oauth/token', '{"grant_type":"authorization_code"}', JSON_TYPE, 400, 'invalid_request'],
    [
      'a multipart form',
      '/oauth/token',
      'x',
      { 'content-type': 'multipart/form-data; boundary=x' },
      400,
      'invalid_request',
    ],
    [
      'a parameter given twice',
      '/oauth/token',
      'client_id=a&client_id=b&grant_type=refresh_token',
      {},
      400,
      'invalid_request',
    ],
    ['an unknown parameter given twice', '/oauth/token', 'x=1&x=2', {}, 400, 'invalid_request'],
    [
      'parameters in the address',
      '/oauth/token?grant_type=refresh_token',
      'client_id=a',
      {},
      400,
      'invalid_request',
    ],
    [
      'a control character',
      '/oauth/token',
      'client_id=a%00b&grant_type=refresh_token',
      {},
      400,
      'invalid_request',
    ],
    ['a body of 20 KB', '/oauth/token', `client_id=${'a'.repeat(20_000)}`, {}, 413, 'invalid_request'],
    ['no grant type', '/oauth/token', { client_id: 'cli_x' }, {}, 400, 'invalid_request'],
    [
      'the password grant',
      '/oauth/token',
      { client_id: 'cli_x', grant_type: 'password' },
      {},
      400,
      'unsupported_grant_type',
    ],
    [
      'the implicit grant',
      '/oauth/token',
      { client_id: 'cli_x', grant_type: 'implicit' },
      {},
      400,
      'unsupported_grant_type',
    ],
    [
      'an unknown client',
      '/oauth/token',
      { client_id: 'cli_x', grant_type: 'refresh_token' },
      {},
      401,
      'invalid_client',
    ],
    ['no client', '/oauth/token', { grant_type: 'refresh_token' }, {}, 400, 'invalid_request'],
  ])('%s is refused', async (_what, path, fields, headers, status, error) => {
    expect(await answer(await postForm(stack, path, fields, headers))).toEqual([status, error, 'no-store']);
  });

  test('GET is not there', async () => {
    expect((await fetch(`${stack.publicUrl}/oauth/token?grant_type=refresh_token`)).status).toBe(401);
  });
});

describe('a client with a secret', () => {
  const attempt = async (
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<[number, string | undefined]> => {
    const { status, body } = await exchange(
      stack,
      { grant_type: 'refresh_token', refresh_token: 'x', ...fields },
      headers,
    );
    return [status, body.error];
  };

  test('proves itself in the header or in the form, and not in both', async () => {
    const { client_id: id, client_secret: secret = '' } = secretive;
    expect(await attempt({}, basic(id, secret))).toEqual([400, 'invalid_grant']);
    expect(await attempt({ client_id: id, client_secret: secret })).toEqual([400, 'invalid_grant']);
    expect(await attempt({ client_id: id, client_secret: secret }, basic(id, secret))).toEqual([
      400,
      'invalid_request',
    ]);
    expect(await attempt({ client_id: 'cli_other' }, basic(id, secret))).toEqual([400, 'invalid_request']);
  });

  test('without it, with a wrong one, or with an assertion is refused', async () => {
    const { client_id: id } = secretive;
    expect(await attempt({ client_id: id })).toEqual([401, 'invalid_client']);
    expect(await attempt({ client_id: id, client_secret: 'ccs_wrong' })).toEqual([401, 'invalid_client']);
    expect(await attempt({}, basic(id, 'ccs_wrong'))).toEqual([401, 'invalid_client']);
    expect(await attempt({}, { authorization: 'Basic !!!' })).toEqual([401, 'invalid_client']);
    expect(await attempt({ client_id: id, client_assertion: 'a.b.c' })).toEqual([401, 'invalid_client']);
  });

  test('and a public client that sends one is none of ours', async () => {
    const open = await registerClient(stack);
    expect(await attempt({ client_id: open.client_id, client_secret: 'x' })).toEqual([401, 'invalid_client']);
  });

  test('gets its tokens, and its secret is stored as a digest', async () => {
    const { fields } = await freshCode(stack, browser, { client: secretive });
    const { client_id: id, ...rest } = fields;
    const { status } = await exchange(stack, rest, basic(id ?? '', secretive.client_secret ?? ''));
    expect(status).toBe(200);
    const rows = JSON.stringify(
      await queryAs(stack.superuserUrl, 'select * from app.oauth_clients where client_id = $1', [id]),
    );
    expect(rows).not.toContain(secretive.client_secret?.slice(4));
  });
});

describe('a service by client credentials', () => {
  /** As the operator registers it, on the command line. */
  const operate = async (...args: string[]) => {
    const { code, stdout, stderr } = await asOperatorOf(stack, 'client', ...args, '--json');
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as { client_id: string; client_secret: string };
  };
  const makeService = (scope: string, user: string = ann.user) =>
    operate(
      ...['create', '--name', 'nightly', '--scope', scope, '--user', user],
      ...['--tenant', ann.tenant, '--public-url', stack.publicUrl],
    );

  test('works for the member that the operator named, without a refresh token', async () => {
    const { client_id: id, client_secret: secret } = await makeService('projects:read');
    const { status, body } = await exchange(stack, { grant_type: 'client_credentials' }, basic(id, secret));
    expect(status).toBe(200);
    expect(body.refresh_token).toBeUndefined();
    const whoami = await callTool<{ user: { id: string } }>(stack, body.access_token, 'whoami');
    expect(whoami.structured.user.id).toBe(ann.user);
    const wider = await exchange(
      stack,
      { grant_type: 'client_credentials', scope: 'projects:write' },
      basic(id, secret),
    );
    expect(wider.body.error).toBe('invalid_scope');
  });

  test('ends with its client, on the next request', async () => {
    const { client_id: id, client_secret: secret } = await makeService('projects:read');
    const { body } = await exchange(stack, { grant_type: 'client_credentials' }, basic(id, secret));
    await operate('revoke', id);
    expect((await postMcp(stack, body.access_token, LIST)).status).toBe(401);
    const again = await exchange(stack, { grant_type: 'client_credentials' }, basic(id, secret));
    expect(again.body.error).toBe('invalid_client');
  });

  test('is not made for somebody outside the team', async () => {
    const mallory = await settleAccount(stack, { name: 'Mallory' });
    await expect(makeService('projects:read', mallory.user)).rejects.toThrow('is no member of');
  });

  test('is not for clients that registered by themselves', async () => {
    const { client_id: id, client_secret: secret = '' } = secretive;
    const refused = await exchange(stack, { grant_type: 'client_credentials' }, basic(id, secret));
    expect(refused.body.error).toBe('unauthorized_client');
    const asked = await registerClient(stack, { grant_types: ['authorization_code', 'client_credentials'] });
    expect((asked as unknown as { grant_types: string[] }).grant_types).toEqual(['authorization_code']);
  });
});

describe('a bearer is believed in the header alone, and only if it is an access token of this server', () => {
  let token: string;
  beforeAll(async () => {
    const { fields } = await freshCode(stack, browser);
    token = (await exchange(stack, fields)).body.access_token;
  });
  const forged = (change: (header: object, claims: object) => [object, object]) => {
    const [header = '', claims = '', signature = ''] = token.split('.');
    const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
    const print = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const [newHeader, newClaims] = change(parse(header), parse(claims));
    return `${print(newHeader)}.${print(newClaims)}.${signature}`;
  };
  test.each<[string, () => string]>([
    ['another tenant in it', () => forged((h, c) => [h, { ...c, tenant: newId('tenant') }])],
    ['a longer life', () => forged((h, c) => [h, { ...c, exp: 9_999_999_999 }])],
    ['no signature', () => forged((h, c) => [{ ...h, alg: 'none' }, c]).replace(/[^.]*$/, '')],
    ['HS256', () => forged((h, c) => [{ ...h, alg: 'HS256' }, c])],
    ['a key of its own', () => forged((h, c) => [{ ...h, jwk: { kty: 'EC' } }, c])],
    ['another type', () => forged((h, c) => [{ ...h, typ: 'JWT' }, c])],
    ['an unknown key', () => forged((h, c) => [{ ...h, kid: 'A'.repeat(43) }, c])],
    ['something at its end', () => `${token}=`],
    ['five parts', () => `${token}.a.b`],
  ])('%s', async (_what, forge) => {
    const response = await postMcp(stack, forge(), LIST);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('in the query or in the body it is not looked at', async () => {
    const inQuery = await fetch(`${stack.mcpUrl}?access_token=${token}`, {
      method: 'POST',
      body: JSON.stringify(LIST),
    });
    expect(inQuery.status).toBe(401);
    expect((await postMcp(stack, null, { ...LIST, access_token: token })).status).toBe(401);
    expect((await postMcp(stack, token, LIST)).status).toBe(200);
  });

  test('its identifier is its own', () => {
    expect(claimsOf(token).jti).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});
