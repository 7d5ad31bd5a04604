import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, apiSession } from '../support/api.ts';
import { codeOf } from '../support/api-callers.ts';
import { postMcp } from '../support/mcp-call.ts';
import {
  authorizePath,
  type Connected,
  exchange,
  freshCode,
  newPkce,
  postForm,
  type RegisteredClient,
  refreshFields,
  registerClient,
  signedIn,
} from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, newAddress, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let ann: Account;
let owner: ApiClient;
let admin: Visitor;
let bob: Visitor;
/** An owner of another tenant, who lets in the same clients. */
let carol: Visitor;
let carols: ApiClient;
let carolsTenant: string;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  owner = await apiSession(stack, ann);
  const adam = await settleAccount(stack, { name: 'Adam', tenant: ann.tenant, role: 'admin' });
  admin = await signedIn(stack, adam);
  bob = await signedIn(
    stack,
    await settleAccount(stack, { name: 'Bob', tenant: ann.tenant, role: 'member' }),
  );
  const account = await settleAccount(stack, { name: 'Carol' });
  carol = await signedIn(stack, account);
  carols = await apiSession(stack, account);
  carolsTenant = account.tenant;
});

const register = (name: string) =>
  registerClient(stack, {
    client_name: name,
    grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
  });

async function letIn(visitor: Visitor, client: RegisteredClient): Promise<Connected> {
  const { status, body } = await exchange(stack, (await freshCode(stack, visitor, { client })).fields);
  expect(status).toBe(200);
  return { client, tokens: body };
}

const callOf = async ({ tokens }: Connected) => {
  const response = await postMcp(stack, tokens.access_token, LIST);
  await response.body?.cancel();
  return response.status;
};
const refreshOf = async (agent: Connected) => {
  const { status, body } = await exchange(stack, refreshFields(agent));
  return [status, body.error];
};

/** What an admin does about a client, by the API or on the page. */
type Change = (client: RegisteredClient, what: 'end' | 'block' | 'unblock') => Promise<void>;
const byApi: Change = async (client, what) => {
  const inTenant = { params: { tenant: ann.tenant } };
  const body = { client: client.client_id };
  if (what === 'end') await owner.get('endClient', { ...inTenant, body });
  else await owner.get('changeClient', { ...inTenant, body: { ...body, blocked: what === 'block' } });
};
const byPage: Change = async (client, what) => {
  const action = `/agents/${ann.tenant}/${what}-client`;
  const response = await admin.submit('/agents', action, { client: client.client_id });
  expect([response.status, response.headers.get('location')]).toEqual([303, '/agents']);
};

/** What a browser is told that agrees to a client. */
async function consentOf(visitor: Visitor, client: RegisteredClient): Promise<string> {
  const path = authorizePath(client, newPkce());
  const response = await visitor.submit(path, '/oauth/authorize', { decision: 'allow' });
  const text = await response.text();
  if (response.status === 303)
    return new URL(response.headers.get('location') ?? '').searchParams.has('code') ? 'a code' : 'an error';
  return `${response.status} ${/blocked this agent/.exec(text)?.[0] ?? text}`;
}

async function consentOfDevice(visitor: Visitor, client: RegisteredClient): Promise<string> {
  const asked = await postForm(
    stack,
    '/oauth/device',
    { client_id: client.client_id, scope: 'projects:read' },
    { 'cf-connecting-ip': newAddress() },
  );
  const device = (await asked.json()) as { user_code: string };
  const path = `/device?user_code=${device.user_code}`;
  const response = await visitor.submit(path, '/device', { decision: 'allow' });
  return `${response.status} ${/blocked this agent/.exec(await response.text())?.[0] ?? ''}`.trim();
}

describe.each([
  ['by the API', byApi],
  ['on the page', byPage],
])('a client that an admin acts on %s', (_how, change) => {
  test('ended: all of its agents in the team are refused at once, and it may be let in again', async () => {
    const client = await register('Ended');
    const [anns, bobs, carolsAgent] = [
      await letIn(admin, client),
      await letIn(bob, client),
      await letIn(carol, client),
    ];
    const pending = await freshCode(stack, bob, { client });
    await change(client, 'end');
    for (const agent of [anns, bobs]) {
      expect(await callOf(agent)).toBe(401);
      expect(await refreshOf(agent)).toEqual([400, 'invalid_grant']);
    }
    expect((await exchange(stack, pending.fields)).body.error).toBe('invalid_grant');
    expect(await callOf(carolsAgent)).toBe(200);
    expect(await callOf(await letIn(bob, client))).toBe(200);
  });

  test('blocked: nobody of the team lets it in either, on no way, until it is unblocked', async () => {
    const client = await register('Blocked');
    const bobs = await letIn(bob, client);
    const carolsAgent = await letIn(carol, client);
    await change(client, 'block');
    expect(await callOf(bobs)).toBe(401);
    expect(await refreshOf(bobs)).toEqual([400, 'invalid_grant']);
    for (const visitor of [bob, admin]) {
      expect(await consentOf(visitor, client)).toBe('403 blocked this agent');
      expect(await consentOfDevice(visitor, client)).toBe('403 blocked this agent');
    }
    expect(await consentOf(carol, client)).toBe('a code');
    expect(await callOf(carolsAgent)).toBe(200);

    await change(client, 'unblock');
    expect(await callOf(bobs)).toBe(401);
    expect(await refreshOf(bobs)).toEqual([400, 'invalid_grant']);
    expect(await callOf(await letIn(bob, client))).toBe(200);
    expect(await consentOfDevice(bob, client)).toBe('200');
  });
});

describe('clients of a tenant', () => {
  test('are listed with the block, which outlives their agents', async () => {
    const client = await register('Listed');
    await letIn(bob, client);
    const seen = async (by: ApiClient, tenant: string) => {
      const { clients } = await by.get<{
        clients: { client: string; grants: number; blocked_at: unknown }[];
      }>('listClients', { params: { tenant }, query: { limit: '100' } });
      return clients.find((one) => one.client === client.client_id);
    };
    expect(await seen(owner, ann.tenant)).toMatchObject({ grants: 1, blocked_at: null });
    await byApi(client, 'block');
    expect(await seen(owner, ann.tenant)).toMatchObject({ grants: 0, blocked_at: expect.any(String) });
    expect(await seen(carols, carolsTenant)).toBeUndefined();
  });

  test('that nobody of it let in are not there, whoever else knows them, and stay as they are', async () => {
    const client = await register('Carol’s');
    const agent = await letIn(carol, client);
    const inTenant = { params: { tenant: ann.tenant } };
    const absent = 'cli_00000000000000000000000000';
    for (const named of [client.client_id, absent, 'https://agent.example/client.json']) {
      const end = await owner.call('endClient', { ...inTenant, body: { client: named } });
      const block = await owner.call('changeClient', { ...inTenant, body: { client: named, blocked: true } });
      expect([codeOf(end), codeOf(block)]).toEqual(Array(2).fill({ status: 404, code: 'not_found' }));
    }
    expect(await callOf(agent)).toBe(200);
    expect(await consentOf(bob, client)).toBe('a code');
  });

  test('are shown on the page to admins alone, whose form no other page sends', async () => {
    const client = await register('Shown');
    const agent = await letIn(bob, client);
    const action = `/agents/${ann.tenant}/block-client`;
    expect(await (await bob.get('/agents')).text()).not.toContain(action);
    const page = await (await admin.get('/agents')).text();
    expect(page).toContain(`value="${client.client_id}"`);
    const fields = { ...hiddenFields(page, action), client: client.client_id };
    expect((await admin.post(action, fields, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await admin.post(action, { client: client.client_id })).status).toBe(403);
    expect(await callOf(agent)).toBe(200);
  });
});
