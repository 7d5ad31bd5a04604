import { describe, expect, test } from 'vitest';
import { revokeOAuthClient } from '../../cli/database/oauth-operator.ts';
import { postMcp } from '../support/mcp-call.ts';
import {
  type Connected,
  connect,
  exchange,
  postForm,
  refreshFields,
  registerClient,
  signedIn,
} from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
const CREATE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'create_project', arguments: { name: 'after the end' } },
};

const sql = (text: string, value: string) => queryAs(stack.superuserUrl, text, [value]);
const revoke = ({ client }: Connected, token: string) =>
  postForm(stack, '/oauth/revoke', { client_id: client.client_id, token });

describe('what ends an agent ends it on its very next request, before any work', () => {
  test.each<[string, (ann: Account, connected: Connected) => Promise<unknown>, number]>([
    [
      'its refresh token is revoked',
      (_ann, connected) => revoke(connected, connected.tokens.refresh_token),
      401,
    ],
    [
      'its access token is revoked',
      (_ann, connected) => revoke(connected, connected.tokens.access_token),
      401,
    ],
    ['the client is revoked', (_ann, { client }) => revokeOAuthClient(stack.ownerUrl, client.client_id), 401],
    [
      'the person takes the consent back',
      (_ann, { client }) =>
        sql(
          "update app.oauth_grants set revoked_at = now(), revoked_because = 'person' where client_id = $1",
          client.client_id,
        ),
      401,
    ],
    [
      'the person is disabled',
      (ann) => sql("update app.users set status = 'disabled' where user_id = $1", ann.user),
      401,
    ],
    [
      'the membership ends',
      (ann) => sql("update app.memberships set status = 'ended' where user_id = $1", ann.user),
      401,
    ],
    [
      'the tenant is suspended',
      (ann) => sql("update app.tenants set status = 'suspended' where tenant_id = $1", ann.tenant),
      403,
    ],
  ])('%s', async (_what, end, status) => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    const connected = await connect(stack, await signedIn(stack, ann));
    expect((await postMcp(stack, connected.tokens.access_token, LIST)).status).toBe(200);
    await end(ann, connected);
    const statuses = await Promise.all(
      [LIST, CREATE].map(
        async (message) => (await postMcp(stack, connected.tokens.access_token, message)).status,
      ),
    );
    expect(statuses).toEqual([status, status]);
    const refreshed = await exchange(stack, refreshFields(connected));
    expect(['invalid_grant', 'invalid_client']).toContain(refreshed.body.error);
    const projects = await sql(
      'select count(*)::int as n from app.projects where tenant_id = $1',
      ann.tenant,
    );
    expect(projects).toEqual([{ n: 0 }]);
  });
});

describe('revocation (RFC 7009)', () => {
  test("Mallory's client cannot end Ann's agent, and is told nothing", async () => {
    const connected = await connect(
      stack,
      await signedIn(stack, await settleAccount(stack, { name: 'Ann' })),
    );
    const mallory = await registerClient(stack);
    for (const token of [connected.tokens.access_token, connected.tokens.refresh_token, 'nothing', 'a.b.c']) {
      const response = await postForm(stack, '/oauth/revoke', { client_id: mallory.client_id, token });
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
    expect((await postMcp(stack, connected.tokens.access_token, LIST)).status).toBe(200);
  });

  test('leaves an event that says why', async () => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    const connected = await connect(stack, await signedIn(stack, ann));
    await revoke(connected, connected.tokens.refresh_token);
    const events = await sql(
      "select action, details ->> 'because' as because from app.audit_events where tenant_id = $1 and action like 'agent.%' order by occurred_at",
      ann.tenant,
    );
    expect(events).toEqual([
      { action: 'agent.consent', because: null },
      { action: 'agent.connect', because: null },
      { action: 'agent.revoke', because: 'client' },
    ]);
  });
});
