import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { PRODUCT } from '../../worker/mcp/product-offer.ts';
import { isArchived, newProject } from '../support/archivable-projects.ts';
import { callTool } from '../support/mcp-call.ts';
import { askModern } from '../support/modern-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const CAN_ASK = { elicitation: { form: {} } };
const ACCEPT = { confirm: { action: 'accept', content: {} } };

let ann: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
});

interface Result {
  readonly resultType?: string;
  readonly isError?: boolean;
  readonly requestState?: string;
  readonly structuredContent?: Record<string, unknown>;
  readonly content?: readonly { readonly text: string }[];
  readonly inputRequests?: Record<string, { readonly method: string; readonly params: { message: string } }>;
}

/** One round of a call by a client that can ask its person. */
async function round(
  args: Record<string, unknown>,
  more: Record<string, unknown> = {},
  options: { readonly token?: string; readonly tool?: string } = {},
): Promise<{
  readonly result: Result;
  readonly error: { readonly code: number; message: string } | undefined;
}> {
  const message = await askModern(stack, options.token ?? ann.token, 'tools/call', {
    params: { name: options.tool ?? 'archive_project', arguments: args, ...more },
    capabilities: CAN_ASK,
  });
  return {
    result: (message.result ?? {}) as Result,
    error: message.error as { code: number; message: string } | undefined,
  };
}

const refusalIn = ({ content }: Result) => JSON.parse(content?.[0]?.text ?? '{}') as { code?: string };

describe('a person is asked before something dangerous is done', () => {
  test('by a client of 2026-07-28, which calls again with the answer', async () => {
    const project = await newProject(stack, ann);
    const asked = await round({ project });
    expect(asked.result.resultType).toBe('input_required');
    expect(asked.result.inputRequests?.confirm?.params.message).toMatch(/^Archive the project `To archive/);
    expect(await isArchived(stack, ann, project)).toBe(false);
    const { requestState } = asked.result;
    const done = await round({ project }, { requestState, inputResponses: ACCEPT });
    expect(done.result).toMatchObject({ resultType: 'complete', structuredContent: { archived: true } });
    expect(await isArchived(stack, ann, project)).toBe(true);
  });

  test('through the SDK of 2026-07-28, in one call of its own', async () => {
    const project = await newProject(stack, ann);
    const client = new ModernClient(
      { name: 'test', version: '1' },
      { capabilities: CAN_ASK, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    const questions: string[] = [];
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      questions.push(params.message);
      return { action: 'accept' as const, content: {} };
    });
    await client.connect(
      new ModernTransport(new URL(stack.mcpUrl), {
        requestInit: { headers: { authorization: `Bearer ${ann.token}` } },
      }),
    );
    const answer = await client.callTool({ name: 'archive_project', arguments: { project } });
    await client.close();
    expect(answer.structuredContent).toMatchObject({ archived: true });
    expect(questions).toHaveLength(1);
  });

  test('by a client of 2025-11-25, in the middle of the call', async () => {
    const project = await newProject(stack, ann);
    const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {} } });
    const questions: string[] = [];
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      questions.push(params.message);
      return { action: 'accept', content: {} };
    });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(stack.mcpUrl), {
        requestInit: { headers: { authorization: `Bearer ${ann.token}` } },
      }) as Parameters<typeof client.connect>[0],
    );
    const answer = await client.callTool({ name: 'archive_project', arguments: { project } });
    await client.close();
    expect(answer.structuredContent).toMatchObject({ archived: true });
    expect(questions).toHaveLength(1);
  });

  test('where the client cannot ask, the first call says what would happen and does nothing', async () => {
    const project = await newProject(stack, ann);
    const { error } = await callTool(stack, ann.token, 'archive_project', { project });
    expect(error).toMatchObject({
      code: 'confirmation_required',
      details: { effect: { archives: { project, files: 0 } } },
    });
    expect(error?.message).toMatch(/Nothing was done yet/);
    expect(await isArchived(stack, ann, project)).toBe(false);
    const confirmation = error?.details?.confirmation;
    const done = await callTool(stack, ann.token, 'archive_project', { project, confirmation });
    expect(done.structured).toMatchObject({ archived: true });
    expect(await isArchived(stack, ann, project)).toBe(true);
  });

  test.each([['decline'], ['cancel']])('and %s does nothing', async (action) => {
    const project = await newProject(stack, ann);
    const { requestState } = (await round({ project })).result;
    const { result } = await round({ project }, { requestState, inputResponses: { confirm: { action } } });
    expect(result.isError).toBe(true);
    expect(refusalIn(result).code).toBe('declined');
    const again = await round({ project }, { requestState, inputResponses: ACCEPT });
    expect(again.error?.code).toBe(-32602);
    expect(await isArchived(stack, ann, project)).toBe(false);
  });

  test('no answer asks again', async () => {
    const project = await newProject(stack, ann);
    const { requestState } = (await round({ project })).result;
    const { result } = await round({ project }, { requestState });
    expect(result.resultType).toBe('input_required');
    expect(await isArchived(stack, ann, project)).toBe(false);
  });

  test('what is another thing by now is asked about anew', async () => {
    const project = await newProject(stack, ann);
    const { requestState } = (await round({ project })).result;
    const files = [{ path: 'new.py', content: '1' }];
    await callTool(stack, ann.token, 'write_files', { project, files, message: 'More' });
    const { result } = await round({ project }, { requestState, inputResponses: ACCEPT });
    expect(result.inputRequests?.confirm?.params.message).toMatch(/with 1 files/);
    expect(await isArchived(stack, ann, project)).toBe(false);
  });
});

describe('a state that Mallory got hold of archives nothing when it is', () => {
  const cases: [string, (state: string, project: string) => ReturnType<typeof round>][] = [
    ['changed', async (state, project) => round({ project }, answered(`${state.slice(0, -2)}AA`))],
    ['made up', async (_state, project) => round({ project }, answered('e30.e30'))],
    ['empty', async (_state, project) => round({ project }, answered(''))],
    [
      'used for another project',
      async (state) => round({ project: await newProject(stack, ann) }, answered(state)),
    ],
    [
      'used with another tool',
      async (state, project) =>
        round({ project, files: [{ path: 'a', delete: true }], message: 'm' }, answered(state), {
          tool: 'write_files',
        }),
    ],
    [
      'used by another credential of the same person',
      async (state, project) => {
        const other = await settlePerson(stack, { name: 'Bob', tenant: ann.tenant });
        return round({ project }, answered(state), { token: other.token });
      },
    ],
    [
      'used in another tenant',
      async (state, project) => {
        const mallory = await settlePerson(stack, { name: 'Mallory' });
        return round({ project }, answered(state), { token: mallory.token });
      },
    ],
    [
      'a confirmation that was meant for the other way',
      async (_state, project) => {
        const { error } = await callTool(stack, ann.token, 'archive_project', { project });
        return round({ project }, answered(String(error?.details?.confirmation)));
      },
    ],
  ];
  const answered = (requestState: string) => ({ requestState, inputResponses: ACCEPT });

  test.each(cases)('%s', async (_what, use) => {
    const project = await newProject(stack, ann);
    const { requestState = '' } = (await round({ project })).result;
    const { error, result } = await use(requestState, project);
    expect(error).toEqual({
      code: -32602,
      message: 'Invalid or expired requestState',
      data: { reason: 'invalid_request_state' },
    });
    expect(result).toEqual({});
    expect(await isArchived(stack, ann, project)).toBe(false);
  });

  test('used twice, or twenty times at once: it is good for one effect', async () => {
    const files = Array.from({ length: 12 }, (_, n) => ({ path: `f${n}.py`, content: 'print(1)\n' }));
    const project = await newProject(stack, ann);
    const write = (list: unknown[]) =>
      callTool(stack, ann.token, 'write_files', { project, files: list, message: 'Write' });
    await write(files);
    const deleting = {
      project,
      files: files.map(({ path }) => ({ path, delete: true })),
      message: 'Delete all',
    };
    const asked = await round(deleting, {}, { tool: 'write_files' });
    expect(asked.result.inputRequests?.confirm?.params.message).toMatch(/^Replace 0 files and delete 12/);
    const again = () => round(deleting, answered(asked.result.requestState ?? ''), { tool: 'write_files' });
    const ends = await Promise.all(Array.from({ length: 20 }, again));
    expect(ends.filter(({ result }) => result.structuredContent?.committed === true)).toHaveLength(1);
    await write(files);
    expect((await again()).error?.code).toBe(-32602);
    const left = await callTool<{ files: unknown[] }>(stack, ann.token, 'list_files', { project });
    expect(left.structured.files).toHaveLength(12);
  });
});

describe('a confirmation archives nothing when it is', () => {
  const confirmationFor = async (project: string): Promise<unknown> =>
    (await callTool(stack, ann.token, 'archive_project', { project })).error?.details?.confirmation;

  test.each<[string, (confirmation: unknown) => Promise<{ project: string; confirmation: unknown }>]>([
    ['made up', async () => ({ project: await newProject(stack, ann), confirmation: 'yes' })],
    ["another project's", async (confirmation) => ({ project: await newProject(stack, ann), confirmation })],
    [
      'a state that was meant for a client that can ask',
      async () => {
        const project = await newProject(stack, ann);
        return { project, confirmation: (await round({ project })).result.requestState };
      },
    ],
  ])('%s', async (_what, use) => {
    const given = await use(await confirmationFor(await newProject(stack, ann)));
    const { error } = await callTool(stack, ann.token, 'archive_project', given);
    expect(error?.code).toBe('confirmation_required');
    expect(await isArchived(stack, ann, given.project)).toBe(false);
  });
});

describe('write_files', () => {
  const many = (count: number, content: string | null) =>
    Array.from({ length: count }, (_, n) =>
      content === null ? { path: `m${n}.py`, delete: true } : { path: `m${n}.py`, content },
    );

  test('asks where it replaces or deletes many files, and not where it adds them or changes some', async () => {
    const project = await newProject(stack, ann);
    const write = (files: unknown[]) =>
      callTool(stack, ann.token, 'write_files', { project, files, message: 'Write' });
    expect((await write(many(30, 'a'))).error).toBeNull();
    expect((await write(many(10, 'b'))).error).toBeNull();
    expect((await write(many(30, 'a').slice(10))).error).toBeNull();
    const refused = await write(many(11, 'c'));
    expect(refused.error).toMatchObject({
      code: 'confirmation_required',
      details: { effect: { replaces: { files: 11 }, deletes: { files: 0, first: [] } } },
    });
    expect((await write(many(11, null))).error?.code).toBe('confirmation_required');
    const left = await callTool<{ content: string }>(stack, ann.token, 'read_file', {
      project,
      path: 'm0.py',
    });
    expect(left.structured.content).toBe('b');
  });
});

test('a tool that may destroy something says what it asks about, or is known to lose nothing', () => {
  const destructive = PRODUCT.offered.tools.filter(({ annotations }) => annotations.destructiveHint);
  const unasked = destructive.filter(({ danger }) => danger === undefined).map(({ name }) => name);
  // A run can be made again, and one edit is one commit in the history.
  expect(unasked.sort()).toEqual(['cancel_run', 'edit_file']);
});
