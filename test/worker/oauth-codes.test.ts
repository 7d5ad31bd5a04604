import { beforeAll, describe, expect, test } from 'vitest';
import { postMcp } from '../support/mcp-call.ts';
import { exchange, freshCode, registerClient, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let browser: Visitor;
beforeAll(async () => {
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
});

const expireCodes = (clientId: string) =>
  queryAs(
    stack.superuserUrl,
    "update app.oauth_codes set expires_at = now() - interval '1 second' where grant_id in (select grant_id from app.oauth_grants where client_id = $1)",
    [clientId],
  );

describe('a code is good for its client, its verifier, its address and its resource, once and soon', () => {
  const V = 'v'.repeat(43);
  test.each<[string, Record<string, string | undefined>, string]>([
    ['no verifier', { code_verifier: undefined }, 'invalid_request'],
    ['another verifier', { code_verifier: V }, 'invalid_grant'],
    ['a verifier that is too short', { code_verifier: 'v'.repeat(42) }, 'invalid_grant'],
    ['a verifier that is too long', { code_verifier: 'v'.repeat(129) }, 'invalid_grant'],
    ['a verifier with bad characters', { code_verifier: `${V}+/` }, 'invalid_grant'],
    ['another redirect', { redirect_uri: 'http://127.0.0.1:9998/callback' }, 'invalid_grant'],
    ['another resource', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['no code', { code: undefined }, 'invalid_request'],
    ['a guessed code', { code: `cac_${'A'.repeat(43)}` }, 'invalid_grant'],
    ['a code of another form', { code: "' or 1=1 --" }, 'invalid_grant'],
  ])('%s', async (_what, changes, error) => {
    const { fields } = await freshCode(stack, browser);
    const given = Object.entries({ ...fields, ...changes }).filter((entry) => entry[1] !== undefined);
    const refused = await exchange(stack, Object.fromEntries(given) as Record<string, string>);
    expect([refused.status, refused.body.error]).toEqual([400, error]);
    // The honest client was not robbed by the attempt.
    expect((await exchange(stack, fields)).status).toBe(200);
  });

  test('another client learns nothing from a stolen code, and spoils nothing', async () => {
    const { fields } = await freshCode(stack, browser);
    const mallory = await registerClient(stack);
    const stolen = await exchange(stack, { ...fields, client_id: mallory.client_id });
    const guessed = await exchange(stack, {
      ...fields,
      client_id: mallory.client_id,
      code: `cac_${'A'.repeat(43)}`,
    });
    expect(stolen).toEqual(guessed);
    expect((await exchange(stack, fields)).status).toBe(200);
  });

  test('after its minute it is nothing', async () => {
    const { client, fields } = await freshCode(stack, browser);
    await expireCodes(client.client_id);
    expect((await exchange(stack, fields)).body.error).toBe('invalid_grant');
  });

  test('absent and the canonical resource are the same; the token is for exactly that', async () => {
    const { fields } = await freshCode(stack, browser, { changes: { resource: stack.mcpUrl } });
    expect((await exchange(stack, { ...fields, resource: stack.mcpUrl })).status).toBe(200);
  });
});

test('a second use of a code ends the tokens of its first use, at once', async () => {
  const { client, fields } = await freshCode(stack, browser);
  const { body: tokens } = await exchange(stack, fields);
  expect((await postMcp(stack, tokens.access_token, LIST)).status).toBe(200);
  expect((await exchange(stack, fields)).body.error).toBe('invalid_grant');
  expect((await postMcp(stack, tokens.access_token, LIST)).status).toBe(401);
  const refresh = {
    grant_type: 'refresh_token',
    client_id: client.client_id,
    refresh_token: tokens.refresh_token,
  };
  expect((await exchange(stack, refresh)).body.error).toBe('invalid_grant');
});

test('of a hundred redemptions at once exactly one succeeds', async () => {
  const { fields } = await freshCode(stack, browser);
  const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(stack, fields)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.error))).toEqual(
    new Set(['invalid_grant']),
  );
  const refreshTokens = await queryAs(
    stack.superuserUrl,
    'select count(*)::int as n from app.oauth_refresh_tokens join app.oauth_grants using (tenant_id, grant_id) where client_id = $1',
    [fields.client_id],
  );
  expect(refreshTokens).toEqual([{ n: 1 }]);
});

test('a consent alone connects nothing: before its code is exchanged there is no living grant', async () => {
  const { client } = await freshCode(stack, browser);
  const [grant] = await queryAs(
    stack.superuserUrl,
    'select activated_at from app.oauth_grants where client_id = $1',
    [client.client_id],
  );
  expect(grant).toEqual({ activated_at: null });
});
