import { describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { limit } from '../../protocol/limits.ts';
import { ACCESS_TOKEN_SECONDS } from '../../worker/oauth/jwt/access-token.ts';
import { agedCopy } from '../support/expired-token.ts';
import { type Listening, listen, updated } from '../support/listen.ts';
import { callTool } from '../support/mcp-call.ts';
import { openSession, SseReader } from '../support/mcp-session.ts';
import { RawSocket } from '../support/mcp-socket.ts';
import { settleModeller } from '../support/model-project.ts';
import { askModern, postModern } from '../support/modern-call.ts';
import { claimsOf, connect, postForm, signedIn } from '../support/oauth.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const sql = (text: string, value: string) => queryAs(stack.superuserUrl, text, [value]);
/** Those that wait for the next look at a credential wait together. */
const WAITING = { concurrent: true };
const LISTS = { toolsListChanged: true, resourcesListChanged: true };
const write = (token: string, project: string, path: string, content: string) =>
  callTool(stack, token, 'write_files', { project, files: [{ path, content }], message: 'Change' });

/** Reads to the end of a stream; the last message. */
async function endOf(stream: Listening) {
  let last = null;
  for (;;) {
    const told = await stream.next();
    if (told === null) return last;
    last = told;
  }
}

describe('a stream of changes tells', () => {
  test('of a file that another client commits, and not of its neighbour', async () => {
    const ann = await settleModeller(stack, 'Ann');
    const uri = `project://${ann.project}/model.py`;
    const other = `project://${ann.project}/other.py`;
    const stream = await listen(stack, ann.token, { resourceSubscriptions: [uri, other] });
    await write(ann.token, ann.project, 'model.py', 'print(2)\n');
    expect(await stream.next()).toMatchObject({
      method: 'notifications/resources/updated',
      params: { uri, _meta: { 'io.modelcontextprotocol/subscriptionId': 'listen-1' } },
    });
    await write(ann.token, ann.project, 'other.py', 'print(3)\n');
    expect(await stream.next()).toMatchObject({ params: { uri: other } });
    stream.close();
  });

  test('of a project by its name, of its data, and that the list of resources is another', async () => {
    const ann = await settleModeller(stack, 'Ann');
    const uris = ['project://Models', `data://${ann.project}/sales`];
    const stream = await listen(stack, ann.token, { ...LISTS, resourceSubscriptions: uris });
    await ann.call('import_data', {
      project: ann.project,
      name: 'sales',
      format: 'csv',
      text: 'day,eur\n2026-01-01,4\n',
    });
    await stream.until(updated(uris[1] ?? ''));
    await write(ann.token, ann.project, 'new.py', 'print(2)\n');
    await stream.until(({ method }) => method === 'notifications/resources/list_changed');
    await stream.until(updated('project://Models'));
    stream.close();
  });

  test('of a run that ends', async () => {
    const ann = await settleModeller(stack, 'Ann', 'while True: pass\n');
    const run = await ann.startModel(1);
    // That it began is told too, and by then was.
    await expect.poll(async () => (await ann.getRun(run)).state).toBe('running');
    const uri = `run://${run}/stdout`;
    const stream = await listen(stack, ann.token, { resourceSubscriptions: [uri] });
    await ann.call('cancel_run', { run });
    await stream.until(updated(uri));
    expect((await ann.getRun(run)).state).toBe('cancelled');
    stream.close();
  });

  test('that lists may be others when the role of its person changes', async () => {
    const ann = await settlePerson(stack, { name: 'Ann', role: 'admin' });
    const stream = await listen(stack, ann.token, LISTS);
    await sql("update app.memberships set role = 'member' where user_id = $1", ann.user);
    // Something happens, so that the stream looks again before its half minute is over.
    await callTool(stack, ann.token, 'create_project', { name: 'Anything' });
    await stream.until(({ method }) => method === 'notifications/tools/list_changed');
    stream.close();
  });
});

describe('Mallory hears nothing', () => {
  test('of another tenant, whatever URI she watches', async () => {
    const ann = await settleModeller(stack, 'Ann');
    const mallory = await settleModeller(stack, 'Mallory');
    const uri = `project://${ann.project}/model.py`;
    const own = `project://${mallory.project}/model.py`;
    const stream = await listen(stack, mallory.token, {
      ...LISTS,
      resourceSubscriptions: [uri, 'project://models', own],
    });
    await write(ann.token, ann.project, 'model.py', 'print(2)\n');
    await write(ann.token, ann.project, 'new.py', 'print(2)\n');
    await write(mallory.token, mallory.project, 'model.py', 'print(3)\n');
    expect(await stream.next()).toMatchObject({ params: { uri: 'project://models' } });
    expect(await stream.next()).toMatchObject({ params: { uri: own } });
    stream.close();
  });

  test('of a project of her tenant that is closed to her, nor that a list changed by it', async () => {
    const ann = await settleModeller(stack, 'Ann');
    const bob = await settlePerson(stack, { name: 'Bob', tenant: ann.tenant, role: 'member' });
    const open = await ann.call<{ project: string }>('create_project', { name: 'Open' });
    await sql('update app.projects set restricted = true where project_id = $1', ann.project);
    const hidden = `project://${ann.project}`;
    const seen = `project://${open.structured.project}`;
    const stream = await listen(stack, bob.token, { ...LISTS, resourceSubscriptions: [hidden, seen] });
    await write(ann.token, ann.project, 'new.py', 'print(2)\n');
    await ann.startModel(1);
    await write(ann.token, open.structured.project, 'new.py', 'print(2)\n');
    expect(await stream.next()).toMatchObject({ method: 'notifications/resources/list_changed' });
    expect(await stream.next()).toMatchObject({ params: { uri: seen } });
    await sql('update app.projects set restricted = false where project_id = $1', ann.project);
    await write(ann.token, ann.project, 'model.py', 'print(3)\n');
    expect(await stream.next()).toMatchObject({ params: { uri: hidden } });
    stream.close();
  });

  test('without the scope that reading it needs: 403 names it', async () => {
    const weak = await settlePerson(stack, { name: 'Weak', scopes: ['projects:read'] });
    const response = await postModern(stack, weak.token, 'subscriptions/listen', {
      params: { notifications: { resourceSubscriptions: ['run://run_x/stdout', 'project://x'] } },
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      error: { code: 'insufficient_scope', details: { scopes: ['projects:read', 'runs:execute'] } },
    });
    expect(response.headers.get('www-authenticate')).toContain('insufficient_scope');
  });

  test('with a token that is dead: 401 before any stream', async () => {
    const ann = await settlePerson(stack, { name: 'Ann' });
    await asOperator(stack.ownerUrl, (operator) => operator.revokeToken(ann.tokenId));
    const response = await postModern(stack, ann.token, 'subscriptions/listen', {
      params: { notifications: LISTS },
    });
    expect(response.status).toBe(401);
  });
});

describe('each in its own time:', WAITING, () => {
  describe('an idle stream ends by itself, with a result,', () => {
    test.each<[string, (ann: Person) => Promise<unknown>]>([
      [
        'when its token is revoked',
        ({ tokenId }) => asOperator(stack.ownerUrl, (operator) => operator.revokeToken(tokenId)),
      ],
      [
        'when its token expires',
        ({ tokenId }) => sql('update app.api_tokens set expires_at = now() where token_id = $1', tokenId),
      ],
      [
        'when the membership ends',
        ({ user }) => sql("update app.memberships set status = 'ended' where user_id = $1", user),
      ],
      [
        'when the tenant is suspended',
        ({ tenant }) => sql("update app.tenants set status = 'suspended' where tenant_id = $1", tenant),
      ],
    ])('%s', async (_when, end) => {
      const ann = await settlePerson(stack, { name: 'Ann' });
      const stream = await listen(stack, ann.token, LISTS);
      await end(ann);
      expect(await endOf(stream)).toMatchObject({ id: 'listen-1', result: { resultType: 'complete' } });
    });
  });

  describe('so does what else lasts, once the operator’s own SQL has revoked its token:', () => {
    const revoke = ({ tokenId }: Person) =>
      sql('update app.api_tokens set revoked_at = now() where token_id = $1', tokenId);

    test('the stream of a session', async () => {
      const ann = await settlePerson(stack, { name: 'Ann' });
      const stream = new SseReader(await (await openSession(stack, ann.token)).listen());
      await stream.next();
      await revoke(ann);
      expect(await stream.next()).toBeNull();
    });

    test('a WebSocket', async () => {
      const ann = await settlePerson(stack, { name: 'Ann' });
      const socket = await RawSocket.open(stack, { authorization: `Bearer ${ann.token}` });
      if (typeof socket === 'number') throw new Error(`upgrade: ${socket}`);
      await revoke(ann);
      expect(await socket.closed).toEqual({ code: 1008, reason: 'the credential is not valid any more' });
    });
  });

  describe('what an agent has open:', () => {
    /** Resolves at the end of what is opened with a token. */
    const LASTING: readonly (readonly [string, (token: string) => Promise<unknown>])[] = [
      [
        'a stream of changes',
        async (token) => {
          const last = await endOf(await listen(stack, token, LISTS));
          expect(last).toMatchObject({ result: { resultType: 'complete' } });
        },
      ],
      [
        'the stream of a session',
        async (token) => {
          const reader = new SseReader(await (await openSession(stack, token)).listen());
          expect((await reader.next())?.message).toBeNull();
          expect(await reader.next()).toBeNull();
        },
      ],
      [
        'a WebSocket',
        async (token) => {
          const socket = await RawSocket.open(stack, { authorization: `Bearer ${token}` });
          if (typeof socket === 'number') throw new Error(`upgrade: ${socket}`);
          expect((await socket.closed).code).toBe(1008);
        },
      ],
    ];
    test.each(LASTING)(
      '%s ends when its access token does, though its grant lives on',
      async (_what, last) => {
        const ann = await settleAccount(stack, { name: 'Ann' });
        const { tokens } = await connect(stack, await signedIn(stack, ann));
        // Time enough to open something on a busy machine, and less than its neighbours wait.
        const short = await agedCopy(stack, tokens.access_token, ACCESS_TOKEN_SECONDS - 20);
        await last(short);
        expect(Date.now()).toBeGreaterThanOrEqual(Number(claimsOf(short).exp) * 1000);
        const other = await listen(stack, tokens.access_token, LISTS);
        other.close();
      },
    );

    test('a stream ends when its person ends it in the browser', async () => {
      const ann = await settleAccount(stack, { name: 'Ann' });
      const visitor = await signedIn(stack, ann);
      const connected = await connect(stack, visitor);
      const stream = await listen(stack, connected.tokens.access_token, LISTS);
      const { gid } = claimsOf(connected.tokens.access_token);
      expect((await visitor.submit('/agents', `/agents/${ann.tenant}/${gid}/end`, {})).status).toBe(303);
      expect(await endOf(stream)).toMatchObject({ result: { resultType: 'complete' } });
    });

    test('a stream ends when its grant is revoked by the client, and tells nothing afterwards', async () => {
      const ann = await settleAccount(stack, { name: 'Ann' });
      const connected = await connect(stack, await signedIn(stack, ann));
      const stream = await listen(stack, connected.tokens.access_token, LISTS);
      await postForm(stack, '/oauth/revoke', {
        client_id: connected.client.client_id,
        token: connected.tokens.access_token,
      });
      expect(await endOf(stream)).toMatchObject({ result: { resultType: 'complete' } });
    });
  });

  describe('the stream itself', () => {
    test('one credential has no more than its limit, and a closed one gives its place back', async ({
      expect,
    }) => {
      const ann = await settlePerson(stack, { name: 'Ann' });
      const open = await Promise.all(
        Array.from({ length: limit('change_streams') }, () => listen(stack, ann.token, LISTS)),
      );
      const ask = () =>
        postModern(stack, ann.token, 'subscriptions/listen', { params: { notifications: LISTS } });
      const refused = await ask();
      expect(refused.status).toBe(429);
      expect(await refused.json()).toMatchObject({
        error: { code: 'limit_exceeded', details: { limit: 'change_streams' } },
      });
      open[0]?.close();
      await expect
        .poll(
          async () => {
            const response = await ask();
            await response.body?.cancel();
            return response.status;
          },
          { timeout: 45_000, interval: 500 },
        )
        .toBe(200);
      for (const stream of open) stream.close();
    });

    test('watches no more resources than its limit', async () => {
      const ann = await settlePerson(stack, { name: 'Ann' });
      const uris = Array.from({ length: limit('resource_subscriptions') + 1 }, (_, n) => `project://p${n}`);
      const response = await postModern(stack, ann.token, 'subscriptions/listen', {
        params: { notifications: { resourceSubscriptions: uris } },
      });
      expect(response.status).toBe(429);
    });

    test.each([
      ['no filter', {}],
      ['a filter of another form', { notifications: { resourceSubscriptions: 'all' } }],
    ])('%s is refused as the protocol says', async (_what, params) => {
      const message = await askModern(stack, stack.apiToken, 'subscriptions/listen', { params });
      expect(message).toMatchObject({ error: { code: -32602 } });
    });
  });
});
