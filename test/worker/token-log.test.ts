import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { callTool, postMcp, readMessage } from '../support/mcp-call.ts';
import { connect, signedIn } from '../support/oauth.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { settleAccount } from '../support/visitor.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let revived: RevivedWorker | undefined;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
});
afterAll(async () => {
  await revived?.stop();
  await stop();
});

const uses = (tenant: string) =>
  queryAs(stack.superuserUrl, 'select * from app.token_uses where tenant_id = $1 order by occurred_at', [
    tenant,
  ]);

/** The entries of a tenant once there are as many as `count`. */
async function recorded(tenant: string, count: number) {
  await expect.poll(() => uses(tenant), { interval: 100 }).toHaveLength(count);
  return uses(tenant);
}

const message = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params });
const headers = { 'cf-connecting-ip': '192.0.2.9', 'user-agent': 'agent\t/1' };

describe('every request with a token is in the request log', () => {
  test('with who, what, from where, how long, and why not', async () => {
    const ann = await settlePerson(stack, { name: 'Ann', scopes: ['projects:read'] });
    const call = (name: string, args: object) =>
      postMcp(stack, ann.token, message('tools/call', { name, arguments: args }), { headers });
    const whoami = await (await call('whoami', {})).text();
    await (await call('list_files', { project: 'secret-argument' })).text();
    await (await call('create_project', { name: 'secret-argument' })).text();
    await (await call('list_files', { nothing: 'secret-argument' })).text();
    await (await call('no_such_tool_secret', {})).text();
    await (await postMcp(stack, ann.token, message('tools/list'), { headers })).text();
    await (await postMcp(stack, ann.token, message('secret argument'), { headers })).text();
    await (
      await fetch(`${stack.publicUrl}/secret/argument?secret=1`, {
        headers: { authorization: `Bearer ${ann.token}`, ...headers },
      })
    ).text();
    const rows = await recorded(ann.tenant, 8);
    expect(rows.map(({ method, target, outcome, reason }) => [method, target, outcome, reason])).toEqual([
      ['tools/call', 'whoami', 'ok', null],
      ['tools/call', 'list_files', 'refused', 'not_found'],
      ['tools/call', 'create_project', 'refused', 'insufficient_scope'],
      ['tools/call', 'list_files', 'refused', 'invalid_arguments'],
      ['tools/call', '/mcp', 'refused', 'invalid_arguments'],
      ['tools/list', '/mcp', 'ok', null],
      ['(other)', '/mcp', expect.any(String), expect.toSatisfy(() => true)],
      ['GET', '(unknown path)', 'refused', 'http_404'],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({
        credential_kind: 'api_token',
        credential_id: ann.tokenId,
        user_id: ann.user,
        address: '192.0.2.9',
        user_agent: 'agent /1',
        latency_ms: expect.any(Number),
        request_id: expect.stringMatching(/^req_/),
      });
    }
    // How large what a tool answered was, and nothing where it refused or none was asked.
    const { result } = (await readMessage(new Response(whoami))) as {
      result: { content: { text: string }[] };
    };
    const sizes = rows.map(({ answer_bytes: bytes }) => (bytes === null ? null : Number(bytes)));
    expect(sizes).toEqual([Buffer.byteLength(result.content[0]?.text ?? ''), ...Array(7).fill(null)]);
    const text = JSON.stringify(rows);
    expect(text).not.toContain('secret');
    expect(text).not.toContain(ann.token.slice(57));
  });

  test('with the trace that a client says it is part of, and with none that is malformed', async () => {
    const zoe = await settlePerson(stack, { name: 'Zoe' });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    for (const parent of [traceparent, `${traceparent}\u0000`, 'secret'])
      await (
        await postMcp(stack, zoe.token, message('tools/list', { _meta: { traceparent: parent } }))
      ).text();
    const rows = await recorded(zoe.tenant, 3);
    expect(rows.map(({ trace_id }) => trace_id)).toEqual(['4bf92f3577b34da6a3ce929d0e0e4736', null, null]);
  });

  test('an agent in the browser era, too, and what ended it', async () => {
    const account = await settleAccount(stack, { name: 'Oona' });
    const { tokens } = await connect(stack, await signedIn(stack, account));
    await (await postMcp(stack, tokens.access_token, message('tools/list'))).text();
    await queryAs(
      stack.superuserUrl,
      "update app.oauth_grants set revoked_at = now(), revoked_because = 'person' where tenant_id = $1",
      [account.tenant],
    );
    expect((await postMcp(stack, tokens.access_token, message('tools/list'))).status).toBe(401);
    const rows = await recorded(account.tenant, 2);
    expect(rows).toMatchObject([
      { credential_kind: 'oauth', user_id: account.user, outcome: 'ok' },
      { credential_kind: 'oauth', user_id: account.user, outcome: 'refused', reason: 'revoked' },
    ]);
  });

  test('a revoked token and one that calls too often, and nothing for a wrong secret', async () => {
    const bob = await settlePerson(stack, { name: 'Bob' });
    const statuses: number[] = [];
    while (!statuses.includes(429)) {
      const wave = await Promise.all(
        Array.from({ length: 40 }, () => postMcp(stack, bob.token, message('tools/list'))),
      );
      for (const response of wave) {
        statuses.push(response.status);
        await response.text();
      }
    }
    const rows = await recorded(bob.tenant, statuses.length);
    const limited = rows.filter(({ reason }) => reason === 'rate_limited');
    expect(limited).toHaveLength(statuses.filter((status) => status === 429).length);
    await postMcp(stack, `${bob.token.slice(0, 60)}${'A'.repeat(47)}`, message('tools/list'));
    const eve = await settlePerson(stack, { name: 'Eve' });
    await asOperator(stack.ownerUrl, (operator) => operator.revokeToken(eve.tokenId));
    await postMcp(stack, eve.token, message('tools/list'));
    expect(await recorded(eve.tenant, 1)).toMatchObject([{ outcome: 'refused', reason: 'revoked' }]);
    expect(await uses(bob.tenant)).toHaveLength(statuses.length);
  });
});

test('a Worker that is killed takes with it what came since the last write, and nothing older', async () => {
  const ann: Person = await settlePerson(stack, { name: 'Anna' });
  let calls = 0;
  const call = async () => {
    calls++;
    await callTool(stack, ann.token, 'whoami', {}, { headers: { 'user-agent': `call ${calls}` } });
  };
  // Two writes are seen, so that what is missing afterwards is not simply all.
  const seen = new Set<number>([0]);
  while (seen.size < 3) {
    await call();
    seen.add((await uses(ann.tenant)).length);
  }
  await call();
  const before = await uses(ann.tenant);
  revived = await crashWorker(stack);
  await callTool(stack, ann.token, 'whoami', {}, { headers: { 'user-agent': 'afterwards' } });
  await expect.poll(async () => (await uses(ann.tenant)).at(-1)?.user_agent).toBe('afterwards');
  const numbers = (await uses(ann.tenant)).map(({ user_agent }) => Number(/\d+$/.exec(user_agent as string)));
  const kept = numbers.filter((n) => n > 0).sort((a, b) => a - b);
  expect(kept.length).toBeGreaterThanOrEqual(before.length);
  // Nothing is missing but at the end.
  expect(kept).toEqual(kept.map((_, n) => n + 1));
});
