import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { ROUTES } from '../../worker/http/routes.ts';
import {
  DATA_SOURCE,
  editedPath,
  MARKER,
  type MatrixWorld,
  OUTPUT,
  promptArguments,
  toolArguments,
} from '../support/matrix-arguments.ts';
import {
  type Caller,
  lacksProjectRole,
  type Refused,
  settleCallers,
  verdictOn,
} from '../support/matrix-callers.ts';
import { postMcp } from '../support/mcp-call.ts';
import { settleModeller } from '../support/model-project.ts';
import { queryAs } from '../support/query-as.ts';
import { type RegisteredRequest, registered, requestsOf } from '../support/registered-requests.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { tenantContents } from '../support/tenant-contents.ts';
import { newAddress } from '../support/visitor.ts';

const stack = sharedStack();
const OFFERED = await registered();
const REQUESTS = requestsOf(OFFERED);
const MODERN = '2026-07-28';
const ERAS = ['2025-11-25', MODERN] as const;
const CALLERS_MAX = 40;

let acme: string;
let world: MatrixWorld;
let callers: readonly Caller[];
let before: Awaited<ReturnType<typeof tenantContents>>;

beforeAll(async () => {
  const ann = await settleModeller(
    stack,
    'Ann',
    `print('${MARKER}')\nopen('/outputs/${OUTPUT}', 'w').write('${MARKER}')\n`,
  );
  acme = ann.tenant;
  const edited = Array.from({ length: CALLERS_MAX }, (_, n) => ({ path: editedPath(n), content: 'before' }));
  await ann.call('write_files', { project: ann.project, files: edited, message: MARKER });
  await ann.call('import_data', {
    ...{ project: ann.project, name: DATA_SOURCE, format: 'csv', text: `name\n${MARKER}\n` },
  });
  const runs = await Promise.all([1, 2].map((n) => ann.runModel(n)));
  const [run = '', otherRun = ''] = runs.map(({ structured }) => structured.run);
  world = { project: ann.project, run, otherRun };
  callers = await settleCallers(stack, ann.tenant, ann.project);
  before = await contents();
});

/** What Acme holds, but for the log of the requests themselves. */
const contents = () => tenantContents(stack, acme);

/** Sends one request in an era, as its clients do: the later one names version, method and target in headers as well. */
function send(
  caller: Caller,
  method: string,
  params: Record<string, unknown>,
  era: (typeof ERAS)[number],
): Promise<Response> {
  const isModern = era === MODERN;
  const meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 'matrix', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const target = params.name ?? params.uri;
  const headers: Record<string, string> = isModern
    ? {
        'mcp-protocol-version': MODERN,
        'mcp-method': method,
        ...(typeof target === 'string' ? { 'mcp-name': target } : {}),
      }
    : {};
  return postMcp(
    stack,
    caller.bearer,
    { jsonrpc: '2.0', id: 1, method, params: { ...params, ...(isModern ? { _meta: meta } : {}) } },
    { headers: { 'cf-connecting-ip': caller.address, ...headers } },
  );
}

const paramsOf = (request: RegisteredRequest, caller: Caller) =>
  request.params(world, callers.indexOf(caller));

const ask = (caller: Caller, request: RegisteredRequest, era: (typeof ERAS)[number]) =>
  send(caller, request.method, paramsOf(request, caller), era);

/** What a refused call showed: status and code, and the scopes that an `insufficient_scope` names. */
async function refusalIn(response: Response): Promise<Refused> {
  const body = (await response.json()) as {
    error: { code: string; details?: { scopes?: readonly string[] } };
  };
  const scopes = body.error.details?.scopes;
  return { status: response.status, code: body.error.code, ...(scopes === undefined ? {} : { scopes }) };
}

/** Asks by everybody who must be refused, in both eras; what they were shown, beside what they must be. */
async function refusals(request: RegisteredRequest, tenant: 'active' | 'suspended') {
  const cells = callers.flatMap((caller) => {
    const must = verdictOn(caller, request.needs, tenant);
    return must === null ? [] : [{ caller, must }];
  });
  const sent = async (era: (typeof ERAS)[number]) => {
    const calls = cells.map(async ({ caller }) => {
      const verdict = await refusalIn(await ask(caller, request, era));
      return [`${caller.name}, ${era}`, verdict] as const;
    });
    return Promise.all(calls);
  };
  const shown = [...(await sent(ERAS[0])), ...(await sent(ERAS[1]))];
  const must = ERAS.flatMap((era) => cells.map((cell) => [`${cell.caller.name}, ${era}`, cell.must]));
  return { shown: Object.fromEntries(shown), must: Object.fromEntries(must) };
}

const requests = REQUESTS.map((request) => [request.name, request] as const);

describe('a tool, resource, prompt, completion or list refuses everybody who may not, in both eras, as what it needs says', () => {
  test.each(requests)('%s', async (_name, request) => {
    const { shown, must } = await refusals(request, 'active');
    expect(Object.keys(must).length).toBeGreaterThanOrEqual(10);
    expect(shown).toEqual(must);
  });

  test.each(requests)('%s, whatever it needs, in a suspended tenant', async (_name, request) => {
    const status = (to: string) =>
      queryAs(stack.superuserUrl, 'update app.tenants set status = $2 where tenant_id = $1', [acme, to]);
    await status('suspended');
    try {
      const { shown, must } = await refusals(request, 'suspended');
      expect(shown).toEqual(must);
    } finally {
      await status('active');
    }
  });

  test('and none of these calls changed a row', async () => {
    expect(Object.keys(before).length).toBeGreaterThan(10);
    expect(await contents()).toEqual(before);
  });
});

test('the dead are told so even where a tool refuses the arguments by itself', async () => {
  const args = { project: world.project, path: 'model.py', parameters: { text: 'x'.repeat(70_000) } };
  for (const caller of callers.filter(({ isAlive, bearer }) => !isAlive && bearer !== null)) {
    for (const era of ERAS) {
      const response = await send(caller, 'tools/call', { name: 'run_model', arguments: args }, era);
      expect(await refusalIn(response), caller.name).toEqual({ status: 401, code: 'unauthenticated' });
    }
  }
});

/** How a request says that what it names is not there. */
function saysAbsent(method: string, text: string): boolean {
  if (method === 'completion/complete') return text.includes('"values":[]');
  if (method === 'resources/read') return /"error":\{"code":-32602,"message":"[^"]*There is no /.test(text);
  return /\\?"code\\?":\\?"([a-z]+_)?not_found\\?"/.test(text);
}

const namesAcme = (params: unknown) => Object.values(world).some((id) => JSON.stringify(params).includes(id));

describe('Mallory learns nothing of Acme, whatever she asks for, and changes nothing', () => {
  test.each(requests)('%s', async (_name, request) => {
    for (const mallory of callers.filter(({ isForeign }) => isForeign)) {
      const params = paramsOf(request, mallory);
      const response = await ask(mallory, request, '2025-11-25');
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(text).not.toContain(MARKER);
      expect(saysAbsent(request.method, text), text).toBe(namesAcme(params));
    }
  });

  test('and none of these calls changed a row of Acme', async () => {
    expect(await contents()).toEqual(before);
  });
});

describe('who is nothing in a project, or whose token is for another, is told of it as of one that is not there', () => {
  test.each(requests)('%s', async (_name, request) => {
    const outside = callers.filter(({ isForeign, projectRole }) => !isForeign && projectRole === null);
    expect(outside).toHaveLength(2);
    for (const caller of outside) {
      const params = paramsOf(request, caller);
      if (request.name === 'create_project' && !caller.isBound) continue;
      const text = await (await ask(caller, request, '2025-11-25')).text();
      expect(text).not.toContain(MARKER);
      expect(saysAbsent(request.method, text), `${caller.name}: ${text}`).toBe(namesAcme(params));
      if (!namesAcme(params))
        expect(
          Object.values(world).filter((id) => text.includes(id)),
          caller.name,
        ).toEqual([]);
    }
  });

  test('and none of these calls changed a row but the log of what was refused', async () => {
    expect(await contents()).toEqual(before);
  });
});

describe('who may do less on a project than the call does is told so', () => {
  const changing = requests.filter(
    ([name, { needs }]) => needs.role !== null && needs.role !== 'viewer' && name !== 'create_project',
  );
  test.each(changing)('%s', async (_name, request) => {
    const lesser = callers.filter((caller) => lacksProjectRole(caller, request.needs));
    expect(lesser.length).toBeGreaterThan(0);
    for (const caller of lesser) {
      const text = await (await ask(caller, request, '2025-11-25')).text();
      expect(text, caller.name).toMatch(/\\?"code\\?":\\?"insufficient_role\\?"/);
    }
  });

  test('and none of these calls changed a row but the log of what was refused', async () => {
    expect(await contents()).toEqual(before);
  });
});

test('a token for some projects makes no other', async () => {
  const create = REQUESTS.find(({ name }) => name === 'create_project');
  if (create === undefined) throw new Error('there is no create_project');
  for (const caller of callers.filter(({ isBound }) => isBound)) {
    const text = await (await ask(caller, create, '2025-11-25')).text();
    expect(text, caller.name).toMatch(/\\?"code\\?":\\?"token_restricted\\?"/);
  }
  expect(await contents()).toEqual(before);
});

describe('it works for everybody who may, with the same arguments', () => {
  test.each(requests)('%s', async (_name, request) => {
    const who = callers.filter(
      (caller) =>
        caller.projectRole !== null &&
        verdictOn(caller, request.needs, 'active') === null &&
        !lacksProjectRole(caller, request.needs) &&
        !(caller.isBound && request.name === 'create_project'),
    );
    expect(who.length).toBeGreaterThan(2);
    for (const caller of who) {
      const text = await (await ask(caller, request, '2025-11-25')).text();
      expect(text, caller.name).toContain('"result":');
      // What is dangerous asks first: that is how it begins to work.
      if (!text.includes('confirmation_required')) expect(text, caller.name).not.toContain('"isError":true');
      expect(saysAbsent(request.method, text), `${caller.name}: ${text}`).toBe(false);
    }
  });
});

describe('a bearer token opens the routes that say so and no other', () => {
  const methodsOf = (method: string) => (method === 'ALL' ? ['GET', 'POST', 'DELETE'] : [method]);
  const knock = async (method: string, path: string, bearer: string | null) => {
    const response = await fetch(`${stack.publicUrl}${path.replace(/:[a-z0-9]+/g, 'x')}`, {
      method,
      redirect: 'manual',
      headers: {
        'cf-connecting-ip': newAddress(),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(method === 'GET' ? {} : { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) }),
    });
    await response.body?.cancel();
    return response.status;
  };
  const named = (isByToken: boolean) =>
    ROUTES.filter(({ credential }) => (credential === 'api_token') === isByToken).map(
      (route) => [`${route.method} ${route.path}`, route] as const,
    );

  test.each(named(false))('%s answers every token as one that nobody has', async (_name, route) => {
    const ofNobody = await knock(route.method, route.path, 'btk_nobody');
    const bearers = callers.flatMap(({ bearer }) => bearer ?? []);
    const statuses = await Promise.all(bearers.map((bearer) => knock(route.method, route.path, bearer)));
    expect(new Set(statuses)).toEqual(new Set([ofNobody]));
  });

  test.each(named(true))('%s answers 401 to the dead and serves the living', async (_name, route) => {
    for (const method of methodsOf(route.method)) {
      for (const caller of callers) {
        const status = await knock(method, route.path, caller.bearer);
        const isOpen = caller.bearer !== null && caller.isAlive;
        expect(status === 401, `${method} by ${caller.name}: ${status}`).toBe(!isOpen);
        expect(status).not.toBe(403);
      }
    }
  });
});

test('the matrix knows every tool and prompt, and every entry of a tool is what it accepts', () => {
  const any = { project: newId('project'), run: newId('run'), otherRun: newId('run') };
  const args = toolArguments(any, 1);
  expect(Object.keys(args).sort()).toEqual(OFFERED.tools.map(({ name }) => name).sort());
  expect(Object.keys(promptArguments(any)).sort()).toEqual(OFFERED.prompts.map(({ name }) => name).sort());
  for (const tool of OFFERED.tools)
    expect(tool.input.safeParse(args[tool.name]), tool.name).toMatchObject({ success: true });
});
