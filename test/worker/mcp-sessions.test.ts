import { beforeAll, describe, expect, test } from 'vitest';
import { readMessage } from '../support/mcp-call.ts';
import { type ClientSession, openSession, SseReader } from '../support/mcp-session.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const whoami = { id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } };

let ann: Person;
let colleague: Person;
let mallory: Person;
let session: ClientSession;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
  colleague = await settlePerson(stack, { name: 'Bob', tenant: ann.tenant });
  mallory = await settlePerson(stack, { name: 'Mallory' });
  session = await openSession(stack, ann.token);
});

/** What a request to a session that is not there gets, in full. */
async function shown(response: Response) {
  return { status: response.status, body: await response.text() };
}
const NOT_FOUND = {
  status: 404,
  body: '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}',
};

test.each(['2025-11-25', '2025-06-18'])('a client of %s gets a session and works in it', async (version) => {
  const own = await openSession(stack, ann.token, { version });
  const response = await own.post(whoami);
  expect(response.status).toBe(200);
  expect(await readMessage(response)).toMatchObject({ id: 1, result: { structuredContent: { tenant: {} } } });
});

describe('a session id that is not the caller’s looks like one that is not there', () => {
  const cases: [string, (own: ClientSession) => { token?: string; id?: string }][] = [
    ['Mallory’s token, of another tenant', () => ({ token: mallory.token })],
    ['a colleague’s token, of the same tenant', () => ({ token: colleague.token })],
    ['an id that Mallory made up', () => ({ id: 'a'.repeat(400) })],
    ['an id that Mallory changed', ({ id }) => ({ id: `${id.slice(0, 40)}x${id.slice(41)}` })],
    ['one of another purpose', ({ id }) => ({ id: `${id}.${id}` })],
    ['a very long one', () => ({ id: 'a'.repeat(5000) })],
  ];
  test.each(cases)('%s', async (_what, change) => {
    const changes = change(session);
    expect(await shown(await session.post(whoami, changes))).toEqual(NOT_FOUND);
    expect(await shown(await session.post({ id: 2, method: 'tools/list' }, changes))).toEqual(NOT_FOUND);
  });

  test('and neither its stream nor its end is Mallory’s', async () => {
    expect(await shown(await session.listen(undefined, mallory.token))).toEqual(NOT_FOUND);
    expect(await shown(await session.end(mallory.token))).toEqual(NOT_FOUND);
    expect((await session.post(whoami)).status).toBe(200);
  });
});

describe('a session is never named in an address', () => {
  const ask = (method: string, address: string, token = ann.token) =>
    fetch(`${stack.publicUrl}${address}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      ...(method === 'POST' ? { body: JSON.stringify({ jsonrpc: '2.0', ...whoami }) } : {}),
    });
  const spellings: [string, number][] = [
    ['/mcp?mcp-session-id=<id>', 400],
    ['/mcp/?Mcp-Session-Id=<id>', 400],
    ['/mcp?a=1&MCP_SESSION_ID=<id>', 400],
    ['/mcp?mcpSessionId=<id>', 400],
    ['/mcp?session_id=<id>', 400],
    ['/mcp?sessionId=', 400],
    ['/mcp?mcp%2Dsession%2Did=<id>', 400],
    ['/mcp?mcp-session=<id>', 400],
    ['/mcp/<id>', 404],
    ['/mcp;mcp-session-id=<id>', 404],
    ['/<id>', 404],
  ];
  test.each(spellings)('%s', async (address, status) => {
    const own = await openSession(stack, ann.token);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await ask(method, address.replace('<id>', own.id));
      expect([method, response.status]).toEqual([method, status]);
      expect(await response.text()).not.toContain(own.id);
    }
    expect((await own.post(whoami)).status).toBe(200);
  });

  test('nor told by any answer but the one that gives it', async () => {
    const own = await openSession(stack, ann.token);
    const [content = ''] = own.id.split('.');
    const answers = [
      await own.post(whoami),
      await own.post({ id: 2, method: 'tools/list' }),
      await own.post({ id: 3, method: 'tools/call', params: { name: 'none', arguments: {} } }),
      await own.post({ method: 'notifications/initialized' }),
      await own.post(whoami, { token: mallory.token }),
      await own.post(whoami, { token: 'none' }),
      await own.end(),
      await own.post(whoami),
    ];
    for (const answer of answers) {
      const said = JSON.stringify([...answer.headers, await answer.text()]);
      expect(said).not.toContain(content.slice(0, 40));
    }
  });
});

test('a call in a session that is not there changes nothing', async () => {
  const create = {
    id: 1,
    method: 'tools/call',
    params: { name: 'create_project', arguments: { name: 'Ghost' } },
  };
  expect((await session.post(create, { id: 'forged' })).status).toBe(404);
  const list = { id: 2, method: 'tools/call', params: { name: 'list_projects', arguments: {} } };
  expect(JSON.stringify(await readMessage(await session.post(list)))).not.toContain('Ghost');
});

test('a session that its client deleted is gone for ever', async () => {
  const own = await openSession(stack, ann.token);
  const stream = new SseReader(await own.listen());
  expect((await stream.next())?.message).toBeNull();
  expect((await own.end()).status).toBe(200);
  expect(await stream.next()).toBeNull();
  expect(await shown(await own.post(whoami))).toEqual(NOT_FOUND);
  expect(await shown(await own.listen())).toEqual(NOT_FOUND);
  expect(await shown(await own.end())).toEqual(NOT_FOUND);
});

test('clients that introduce themselves in the same words have each a session of their own', async () => {
  const opened = [
    await openSession(stack, ann.token),
    await openSession(stack, ann.token),
    await openSession(stack, mallory.token),
  ];
  expect(new Set(opened.map(({ id }) => id)).size).toBe(opened.length);
  for (const own of opened) expect((await own.post(whoami)).status).toBe(200);
});

test('a client that introduces itself anew gets a new session, whatever has become of the one that it names', async () => {
  const old = await openSession(stack, ann.token);
  await old.end();
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const again = await old.post({ id: 0, method: 'initialize', params });
  expect(again.status).toBe(200);
  expect(again.headers.get('mcp-session-id')).toMatch(/^[\w.-]{100,}$/);
  expect(again.headers.get('mcp-session-id')).not.toBe(old.id);
});

test('without a session a client of the older era is served as before', async () => {
  const headers = { authorization: `Bearer ${ann.token}`, accept: 'text/event-stream' };
  expect((await fetch(stack.mcpUrl, { headers })).status).toBe(405);
  expect((await fetch(stack.mcpUrl, { method: 'DELETE', headers })).status).toBe(405);
});

test('a version of the protocol that is not served is refused with 400', async () => {
  const headers = {
    authorization: `Bearer ${ann.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': session.id,
    'mcp-protocol-version': '1999-01-01',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', ...whoami });
  expect((await fetch(stack.mcpUrl, { method: 'POST', headers, body })).status).toBe(400);
});

test('calls with equal ids, at once and of two clients, get each their own answer', async () => {
  const other = await openSession(stack, mallory.token);
  const calls = await Promise.all(
    [session, other, session, other].map(async (own) => readMessage(await own.post(whoami))),
  );
  const tenants = calls.map(
    ({ result }) => (result as { structuredContent: { tenant: { id: string } } }).structuredContent.tenant.id,
  );
  expect(tenants).toEqual([ann.tenant, mallory.tenant, ann.tenant, mallory.tenant]);
});
