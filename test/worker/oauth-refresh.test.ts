import { beforeAll, describe, expect, test } from 'vitest';
import { postMcp } from '../support/mcp-call.ts';
import { connect, exchange, refreshFields, registerClient, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let browser: Visitor;
beforeAll(async () => {
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
});

/** Puts the use of all spent tokens of a client beyond the grace. */
const passGrace = (clientId: string) =>
  queryAs(
    stack.superuserUrl,
    "update app.oauth_refresh_tokens set used_at = used_at - interval '31 seconds' where used_at is not null and grant_id in (select grant_id from app.oauth_grants where client_id = $1)",
    [clientId],
  );

describe('a refresh token', () => {
  test('is exchanged for a successor, and only digests and an envelope are stored', async () => {
    const connected = await connect(stack, browser);
    const { status, body } = await exchange(stack, refreshFields(connected));
    expect(status).toBe(200);
    expect(body.refresh_token).not.toBe(connected.tokens.refresh_token);
    expect((await postMcp(stack, body.access_token, LIST)).status).toBe(200);
    const rows = JSON.stringify(
      await queryAs(
        stack.superuserUrl,
        'select r.* from app.oauth_refresh_tokens r join app.oauth_grants using (tenant_id, grant_id) where client_id = $1',
        [connected.client.client_id],
      ),
    );
    expect(rows).not.toContain(connected.tokens.refresh_token.slice(4));
    expect(rows).not.toContain(body.refresh_token.slice(4));
    expect(rows).toMatch(/"successor":"v1\./);
  });

  test('shown again after the grace ends the whole family, at once', async () => {
    const connected = await connect(stack, browser);
    const { body: next } = await exchange(stack, refreshFields(connected));
    await passGrace(connected.client.client_id);
    expect((await exchange(stack, refreshFields(connected))).body.error).toBe('invalid_grant');
    expect((await exchange(stack, refreshFields({ ...connected, tokens: next }))).body.error).toBe(
      'invalid_grant',
    );
    for (const { access_token } of [connected.tokens, next])
      expect((await postMcp(stack, access_token, LIST)).status).toBe(401);
  });

  test('shown again within the grace, yet after two successors were used, is a theft as well', async () => {
    const connected = await connect(stack, browser);
    let last = connected;
    for (let generation = 0; generation < 3; generation++) {
      const { body } = await exchange(stack, refreshFields(last));
      last = { ...last, tokens: body };
    }
    expect((await exchange(stack, refreshFields(connected))).body.error).toBe('invalid_grant');
    expect((await postMcp(stack, last.tokens.access_token, LIST)).status).toBe(401);
  });

  test.each([2, 50])(
    'raced by %i requests of one client gives all the same successor, and logs nobody out',
    async (racers) => {
      const connected = await connect(stack, browser);
      const answers = await Promise.all(
        Array.from({ length: racers }, () => exchange(stack, refreshFields(connected))),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: racers }, () => 200));
      const successors = [...new Set(answers.map(({ body }) => body.refresh_token))];
      expect(successors).toHaveLength(1);
      const next = await exchange(stack, {
        ...refreshFields(connected),
        refresh_token: successors[0] ?? '',
      });
      expect(next.status).toBe(200);
      expect((await postMcp(stack, next.body.access_token, LIST)).status).toBe(200);
    },
  );

  test.each<[string, Record<string, string>, string]>([
    ['with a wider scope', { scope: 'projects:read projects:write share' }, 'invalid_scope'],
    ['with an unknown scope', { scope: 'admin' }, 'invalid_scope'],
    ['for another resource', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['of another form', { refresh_token: 'eyJhbGciOiJub25lIn0.e30.' }, 'invalid_grant'],
    ['that nobody has', { refresh_token: `crt_${'A'.repeat(43)}` }, 'invalid_grant'],
  ])('%s is refused, and the honest one lives on', async (_what, changes, error) => {
    const connected = await connect(stack, browser, { scope: 'projects:read' });
    const refused = await exchange(stack, { ...refreshFields(connected), ...changes });
    expect([refused.status, refused.body.error]).toEqual([400, error]);
    expect((await exchange(stack, refreshFields(connected))).status).toBe(200);
  });

  test('in the hands of another client is nothing, and spoils nothing', async () => {
    const connected = await connect(stack, browser);
    const mallory = await registerClient(stack);
    const stolen = await exchange(stack, { ...refreshFields(connected), client_id: mallory.client_id });
    expect(stolen.body.error).toBe('invalid_grant');
    expect((await exchange(stack, refreshFields(connected))).status).toBe(200);
  });

  test.each([
    [
      'beyond its own lifetime',
      'update app.oauth_refresh_tokens r set expires_at = now() from app.oauth_grants g where g.grant_id = r.grant_id and g.client_id = $1',
    ],
    [
      'beyond the absolute lifetime of the consent',
      "update app.oauth_grants set expires_at = now() - interval '1 second' where client_id = $1",
    ],
  ])('%s is refused', async (_what, sql) => {
    const connected = await connect(stack, browser);
    await queryAs(stack.superuserUrl, sql, [connected.client.client_id]);
    expect((await exchange(stack, refreshFields(connected))).body.error).toBe('invalid_grant');
  });
});
