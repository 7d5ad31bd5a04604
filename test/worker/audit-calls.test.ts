import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiRoute } from '../../worker/api/route.ts';
import { API_ROUTES, type OperationName } from '../../worker/api/routes/index.ts';
import { canonicalJson } from '../../worker/tenants/idempotency.ts';
import { ApiClient, apiSession } from '../support/api.ts';
import { type ApiWorld, apiInputs, freshInput, settleApiWorld } from '../support/api-inputs.ts';
import { callEventsDuring } from '../support/call-events.ts';
import { DATA_SOURCE, editedPath, MARKER, type MatrixWorld, OUTPUT } from '../support/matrix-arguments.ts';
import { callTool, postMcp, readMessage } from '../support/mcp-call.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { registered, requestsOf } from '../support/registered-requests.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const ACTIONS: Readonly<Record<string, string>> = {
  'tools/call': 'tool.call',
  'resources/read': 'resource.read',
  'resources/list': 'resource.list',
  'prompts/get': 'prompt.get',
  'completion/complete': 'completion.get',
};
const REQUESTS = requestsOf(await registered()).filter(({ method }) => method in ACTIONS);
const OPERATIONS = Object.entries<ApiRoute>(API_ROUTES)
  .filter(([, { access }]) => access === 'admin' || access === 'owner')
  .map(([name]) => name as OperationName);
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const eventsDuring = (tenant: string, act: () => Promise<unknown>) => callEventsDuring(stack, tenant, act);

describe('a call of the MCP endpoint leaves its event', () => {
  let ann: Modeller;
  let world: MatrixWorld;
  let nobody: string;

  beforeAll(async () => {
    ann = await settleModeller(
      stack,
      'Ann',
      `print('${MARKER}')\nopen('/outputs/${OUTPUT}', 'w').write('${MARKER}')\n`,
    );
    const files = [{ path: editedPath(0), content: 'before' }];
    await ann.call('write_files', { project: ann.project, files, message: MARKER });
    await ann.call('import_data', {
      project: ann.project,
      name: DATA_SOURCE,
      format: 'csv',
      text: `name\n${MARKER}\n`,
    });
    const runs = await Promise.all([1, 2].map((n) => ann.runModel(n)));
    const [run = '', otherRun = ''] = runs.map(({ structured }) => structured.run);
    world = { project: ann.project, run, otherRun };
    nobody = (
      await settlePerson(stack, { name: 'Nora', tenant: ann.tenant, role: 'viewer', scopes: ['tools:call'] })
    ).token;
  });

  const send = async (token: string, method: string, params: Record<string, unknown>) => {
    const _meta = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
    return readMessage(
      await postMcp(stack, token, { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
    );
  };

  test.each(REQUESTS.map((request) => [request.name, request] as const))(
    '%s, when it is admitted, and when not',
    async (_name, request) => {
      const params = request.params(world, 0);
      let answer: Awaited<ReturnType<typeof send>> = {};
      const events = await eventsDuring(ann.tenant, async () => {
        answer = await send(ann.token, request.method, params);
      });
      const admitted = {
        action: ACTIONS[request.method],
        outcome: 'ok',
        credential_id: ann.tokenId,
        actor_user_id: ann.user,
        trace_id: TRACE,
      };
      expect(events[0]).toMatchObject(admitted);
      expect(events[0]?.request_id).toMatch(/^req_/);
      if (request.method === 'tools/call') {
        const input = canonicalJson(params.arguments);
        expect(events[0]).toMatchObject({
          target_kind: 'tool',
          target_id: params.name,
          input_sha256: createHash('sha256').update(input).digest('hex'),
          input_bytes: Buffer.byteLength(input),
        });
      }
      // What then asked for a confirmation says so in a second one, and nothing else does.
      const code = codeIn(answer);
      expect(events.slice(1).map((event) => [event.code, event.request_id])).toEqual(
        code === null ? [] : [[code, events[0]?.request_id]],
      );
      const needsMore =
        request.needs.scopes.some((scope) => scope !== 'tools:call') || request.needs.role !== null;
      const refused = await eventsDuring(ann.tenant, () =>
        postMcp(stack, nobody, { jsonrpc: '2.0', id: 1, method: request.method, params }),
      );
      expect(refused.map(({ action, outcome }) => [action, outcome])).toEqual([
        [ACTIONS[request.method], needsMore ? 'refused' : 'ok'],
      ]);
      if (needsMore) expect(refused[0]?.code).toMatch(/^insufficient_/);
    },
  );

  test.each(REQUESTS.filter(({ method }) => method === 'tools/call').map(({ name }) => [name]))(
    '%s, when its arguments are none',
    async (name) => {
      const events = await eventsDuring(ann.tenant, () =>
        callTool(stack, ann.token, name, { 'no such argument': 1 }),
      );
      expect(
        events.map(({ action, target_id, outcome, code }) => [action, target_id, outcome, code]),
      ).toEqual([['tool.call', name, 'refused', 'invalid_arguments']]);
    },
  );

  test('what is asked for and is not there is refused in a second event of the same request', async () => {
    const events = await eventsDuring(ann.tenant, () =>
      callTool(stack, ann.token, 'read_file', { project: ann.project, path: 'absent.py' }),
    );
    expect(events.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['ok', null],
      ['refused', expect.stringMatching(/not_found/)],
    ]);
    expect(events[0]?.details).toEqual({ object: { project: ann.project, path: 'absent.py' } });
    expect(new Set(events.map(({ request_id }) => request_id)).size).toBe(1);
  });

  test('a token that was revoked is refused in the log of its tenant', async () => {
    const gone = await settlePerson(stack, { name: 'Gus', tenant: ann.tenant });
    await callTool(stack, gone.token, 'whoami');
    await queryAs(stack.superuserUrl, 'update app.api_tokens set revoked_at = now() where token_id = $1', [
      gone.tokenId,
    ]);
    const events = await eventsDuring(ann.tenant, () =>
      callTool(stack, gone.token, 'whoami').catch(() => {}),
    );
    expect(events).toMatchObject([
      { outcome: 'refused', code: 'revoked', credential_id: gone.tokenId, actor_user_id: gone.user },
    ]);
  });

  test('an argument that holds a secret is in the log as a digest alone', async () => {
    const secret = 'hunter2-in-a-file';
    await callTool(stack, ann.token, 'write_files', {
      ...{ project: ann.project, files: [{ path: 'x.py', content: secret }], message: 'Add' },
    });
    const rows = await queryAs(
      stack.superuserUrl,
      'select from app.audit_events as e where tenant_id = $1 and e::text like $2',
      [ann.tenant, `%${secret}%`],
    );
    expect(rows).toEqual([]);
  });
});

/** The code of the refusal that an answer holds, or null. */
function codeIn(message: Record<string, unknown>): string | null {
  const result = message.result as { isError?: boolean; content?: { text: string }[] } | undefined;
  if (result?.isError !== true) return null;
  return (JSON.parse(result.content?.[0]?.text ?? '{}') as { code: string }).code;
}

describe('a call of the management API leaves its event', () => {
  let owner: ApiClient;
  let member: ApiClient;
  let stranger: ApiClient;
  let world: ApiWorld;

  beforeAll(async () => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    owner = await apiSession(stack, ann);
    world = await settleApiWorld(stack, ann.tenant, owner);
    member = await apiSession(
      stack,
      await settleAccount(stack, { name: 'Mo', tenant: ann.tenant, role: 'member' }),
    );
    stranger = await apiSession(stack, await settleAccount(stack, { name: 'Mallory' }));
  });

  test.each(OPERATIONS.map((name) => [name]))('%s, when it is admitted, and when not', async (name) => {
    const input = await freshInput(world, name, owner, owner);
    let status = 0;
    const events = await eventsDuring(input.params?.tenant ?? world.tenant, async () => {
      status = (await owner.call(name, input)).status;
    });
    expect(status).toBeLessThan(300);
    expect(events.map(({ action, target_id, outcome }) => [action, target_id, outcome])).toEqual([
      ['api.call', name, 'ok'],
    ]);
    const refused = await eventsDuring(world.tenant, () => member.call(name, apiInputs(world)[name]));
    expect(refused.map(({ target_id, outcome, code }) => [target_id, outcome, code])).toEqual([
      [name, 'refused', 'insufficient_role'],
    ]);
    expect(await eventsDuring(world.tenant, () => stranger.call(name, apiInputs(world)[name]))).toEqual([]);
  });
});

test('a call of the management API stands in its log with the trace that its header names, if it is one', async () => {
  const ann = await settleAccount(stack, { name: 'Ann' });
  const owner = await apiSession(stack, ann);
  const from = (traceparent: string, query = {}) =>
    owner.call('listTokens', { params: { tenant: ann.tenant }, query }, { traceparent });
  const events = await eventsDuring(ann.tenant, async () => {
    await from(`00-${TRACE}-00f067aa0ba902b7-01`);
    await from(`00-${TRACE}-00f067aa0ba902b7-01`, { limit: 'many' });
    await from(`00-${TRACE}'; drop table-01`);
  });
  expect(events.map(({ outcome, trace_id }) => [outcome, trace_id])).toEqual([
    ['ok', TRACE],
    ['refused', TRACE],
    ['ok', null],
  ]);
});

test('a call of the management API that is not of its form is refused in the log of the tenant', async () => {
  const ann = await settleAccount(stack, { name: 'Ann' });
  const owner = await apiSession(stack, ann);
  const inTenant = { params: { tenant: ann.tenant } };
  const events = await eventsDuring(ann.tenant, async () => {
    expect((await owner.call('setRetention', { ...inTenant, body: { audit: 1 } })).status).toBe(400);
    expect((await owner.call('listTokens', { ...inTenant, query: { limit: 'many' } })).status).toBe(400);
    expect((await owner.call('setRetention', { ...inTenant, body: '{"audit":' })).status).toBe(400);
  });
  expect(events.map(({ target_id, outcome, code }) => [target_id, outcome, code])).toEqual(
    ['setRetention', 'listTokens', 'setRetention'].map((name) => [name, 'refused', 'invalid_arguments']),
  );
});

test('a sign-in, and one with a wrong password, is in the log of each tenant of the person', async () => {
  const bea = await settleAccount(stack, { name: 'Bea' });
  await apiSession(stack, bea);
  await new ApiClient(stack).call('signIn', { body: { email: bea.email, password: 'wrong wrong wrong' } });
  const events = await queryAs(
    stack.superuserUrl,
    "select outcome, details ->> 'code' as code, actor_user_id from app.audit_events where tenant_id = $1 and action = 'person.sign_in' order by position",
    [bea.tenant],
  );
  expect(events.at(-2)).toEqual({ outcome: 'ok', code: null, actor_user_id: bea.user });
  expect(events.at(-1)).toEqual({ outcome: 'refused', code: 'wrong', actor_user_id: bea.user });
});
