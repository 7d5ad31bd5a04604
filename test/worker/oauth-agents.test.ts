import { beforeAll, describe, expect, test } from 'vitest';
import { postMcp } from '../support/mcp-call.ts';
import { type Connected, claimsOf, connect, signedIn } from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let ann: Account;
let admin: Visitor;
let bob: Visitor;
let agent: Connected;
let end: string;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  admin = await signedIn(stack, ann);
  bob = await signedIn(
    stack,
    await settleAccount(stack, { name: 'Bob', tenant: ann.tenant, role: 'member' }),
  );
  agent = await connect(stack, bob, { scope: 'projects:read runs:execute' });
  end = `/agents/${ann.tenant}/${claimsOf(agent.tokens.access_token).gid}/end`;
});

describe('the page of connected agents', () => {
  test('shows each agent with what it may do, to its person and to an admin', async () => {
    const his = await (await bob.get('/agents')).text();
    expect(his).toContain('Test agent');
    expect(his).toContain('Run models and read their results');
    expect(his).not.toContain('Import data');
    const hers = await (await admin.get('/agents')).text();
    expect(hers).toContain(end);
    expect(hers).toContain('<td>Bob</td>');
  });

  test('shows when each was last used, and what it asked', async () => {
    const idle = await connect(stack, bob, { scope: 'projects:read' });
    expect((await postMcp(stack, agent.tokens.access_token, LIST)).status).toBe(200);
    const rowOf = async (of: Connected) => {
      const page = await (await bob.get('/agents')).text();
      return (
        page.split('<tr>').find((row) => row.includes(`${claimsOf(of.tokens.access_token).gid}/end`)) ?? ''
      );
    };
    const link = `/requests?team=${ann.tenant}&amp;credential=${claimsOf(agent.tokens.access_token).gid}`;
    await expect.poll(() => rowOf(agent)).toContain(link);
    expect(await rowOf(idle)).toContain('<td>never</td>');
    expect(await (await bob.get(link.replaceAll('&amp;', '&'))).text()).toContain('tools/list');
  });

  test('shows Mallory nothing of it, and her attempt to end it finds nothing', async () => {
    const mallory = await signedIn(stack, await settleAccount(stack, { name: 'Mallory' }));
    expect(await (await mallory.get('/agents')).text()).toContain('No agent is connected');
    await connect(stack, mallory);
    const page = await (await mallory.get('/agents')).text();
    const own = /action="(\/agents\/[^"]+\/end)"/.exec(page)?.[1] ?? '';
    const fields = hiddenFields(page, own);
    expect((await mallory.post(end, fields)).status).toBe(404);
    expect((await mallory.post(own.replace(/gra_[^/]+/, end.split('/')[3] ?? ''), fields)).status).toBe(404);
    expect((await postMcp(stack, agent.tokens.access_token, LIST)).status).toBe(200);
  });

  test('ends nothing for a page of another site', async () => {
    const fields = hiddenFields(await (await bob.get('/agents')).text(), end);
    expect((await bob.post(end, fields, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await bob.post(end, { csrf: 'x' })).status).toBe(403);
    expect((await postMcp(stack, agent.tokens.access_token, LIST)).status).toBe(200);
  });

  test('ends an agent for its person: its next request is refused', async () => {
    const response = await bob.submit('/agents', end, {});
    expect([response.status, response.headers.get('location')]).toEqual([303, '/agents']);
    expect((await postMcp(stack, agent.tokens.access_token, LIST)).status).toBe(401);
    expect(await (await bob.get('/agents')).text()).not.toContain(end);
  });

  test("ends Bob's agent for an admin of the team", async () => {
    const another = await connect(stack, bob);
    const path = `/agents/${ann.tenant}/${claimsOf(another.tokens.access_token).gid}/end`;
    expect((await admin.submit('/agents', path, {})).status).toBe(303);
    expect((await postMcp(stack, another.tokens.access_token, LIST)).status).toBe(401);
  });
});
