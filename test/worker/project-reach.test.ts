import { beforeAll, describe, expect, test } from 'vitest';
import { callTool, type ToolReply } from '../support/mcp-call.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { newAddress } from '../support/visitor.ts';

const stack = sharedStack();
const sql = (text: string, values: readonly unknown[]) => queryAs(stack.superuserUrl, text, values);

/** Ann made the project, and Bob works on it. */
let ann: Modeller;
let bob: Person;
/** Another token of Ann's, for a project of hers beside it. */
let bound: string;
let elsewhere: string;

beforeAll(async () => {
  ann = await settleModeller(
    stack,
    'Ann',
    "open('/outputs/left.csv', 'w').write('harbour-7431\\n' * 2000)\nprint('harbour-7431')\n",
  );
  bob = await settlePerson(stack, { name: 'Bob', tenant: ann.tenant, role: 'member' });
  await restrict(true);
  const made = await ann.call<{ project: string }>('create_project', { name: 'Elsewhere' });
  elsewhere = made.structured.project;
  await give('editor');
  const wish = { name: 'Ann', tenant: ann.tenant, projects: ['Elsewhere'] };
  bound = (await settlePerson(stack, wish)).token;
});

const restrict = (restricted: boolean) =>
  sql('update app.projects set restricted = $2 where project_id = $1', [ann.project, restricted]);
const give = (role: string) =>
  sql(
    `insert into app.project_members (tenant_id, project_id, user_id, role) values ($1, $2, $3, $4)
     on conflict (tenant_id, project_id, user_id) do update set role = excluded.role`,
    [ann.tenant, ann.project, bob.user, role],
  );
const dismiss = () =>
  sql('delete from app.project_members where project_id = $1 and user_id = $2', [ann.project, bob.user]);
const asBob = <Structured = Record<string, unknown>>(tool: string, input: Record<string, unknown>) =>
  callTool<Structured>(stack, bob.token, tool, input);
const put = (url: string, body: string) =>
  fetch(url, { method: 'PUT', body, headers: { 'cf-connecting-ip': newAddress() } });
const codeOf = ({ error }: ToolReply<unknown>) => error?.code ?? 'ok';

describe('whoever lost the role on a project', () => {
  test('sends no bytes to an upload address that they were given before', async () => {
    const wish = { project: ann.project, name: 'late', format: 'csv', bytes: 4 };
    const addresses = [
      await asBob<{ url: string }>('create_upload', wish),
      await asBob<{ url: string }>('create_upload', wish),
    ];
    const [one, other] = addresses.map(({ structured }) => structured.url);
    await give('viewer');
    const asViewer = await put(one ?? '', 'a\n1\n');
    expect([asViewer.status, ((await asViewer.json()) as { error: { code: string } }).error.code]).toEqual([
      403,
      'insufficient_role',
    ]);
    await dismiss();
    const asNobody = await put(other ?? '', 'a\n1\n');
    expect(((await asNobody.json()) as { error: { code: string } }).error.code).toBe('upload_refused');
    const received = await sql('select count(received_at)::int as n from app.uploads where project_id = $1', [
      ann.project,
    ]);
    expect(received).toEqual([{ n: 0 }]);
    await give('editor');
    expect((await put(one ?? '', 'a\n1\n')).status).toBe(201);
  });

  test('downloads nothing by a link that they were given before', async () => {
    const run = await ann.runModel(1);
    const shown = await asBob<{ download_url: string | null }>('get_run_output', {
      ...{ run: run.structured.run, name: 'left.csv', limit: 1 },
    });
    const url = shown.structured.download_url ?? '';
    const download = async () => {
      const response = await fetch(url, { headers: { 'cf-connecting-ip': newAddress() } });
      return [response.status, (await response.text()).includes('harbour-7431')];
    };
    expect(await download()).toEqual([200, true]);
    await dismiss();
    expect(await download()).toEqual([404, false]);
    await give('editor');
    await sql('update app.api_tokens set revoked_at = now() where token_id = $1', [bob.tokenId]);
    expect(await download()).toEqual([401, false]);
    await sql('update app.api_tokens set revoked_at = null where token_id = $1', [bob.tokenId]);
  });

  test('goes on with the run of another project only, and their own run ends all the same', async () => {
    const started = await asBob<{ run: string }>('run_model', {
      project: ann.project,
      path: 'model.py',
      parameters: { bob: 1 },
      wait_seconds: 0,
    });
    const { run } = started.structured;
    await dismiss();
    for (const [tool, input] of [
      ['get_run', { run }],
      ['cancel_run', { run }],
      ['get_run_output', { run, name: 'stdout' }],
    ] as const)
      expect(codeOf(await asBob(tool, input)), tool).toBe('not_found');
    expect((await ann.getRun(run, 45)).state).toBe('succeeded');
    await give('editor');
  });
});

describe("a token for some projects, beside another one of the same person's", () => {
  const asBound = (tool: string, input: Record<string, unknown> = {}) => callTool(stack, bound, tool, input);

  test('says so of itself, and lists its projects alone', async () => {
    expect((await asBound('whoami')).structured.projects).toEqual([elsewhere]);
    expect((await ann.call('whoami')).structured).not.toHaveProperty('projects');
    const listed = await asBound('list_projects');
    expect(listed.structured).toMatchObject({ total: 1, projects: [{ project: elsewhere, role: 'owner' }] });
  });

  test('is told nothing of what the other did under an idempotency key', async () => {
    const write = (project: string) => ({
      ...{
        project,
        files: [{ path: 'kept.md', content: 'x' }],
        message: 'Keep',
        idempotency_key: 'one-key-of-ann',
      },
    });
    const first = await ann.call('write_files', write(ann.project));
    expect(codeOf(first)).toBe('ok');
    const [same, absent] = [
      await asBound('write_files', write(ann.project)),
      await asBound('write_files', write('No such project')),
    ];
    expect(codeOf(same)).toBe('idempotency_conflict');
    const said = ({ error }: ToolReply) => ({ ...error, request_id: '' });
    expect(said(same)).toEqual(said(absent));
    expect((await ann.call('write_files', write(ann.project))).structured).toMatchObject({ replayed: true });
  });

  test('compares no run of its own with one of another project', async () => {
    await asBound('write_files', {
      ...{ project: elsewhere, files: [{ path: 'model.py', content: 'print(1)\n' }], message: 'Model' },
    });
    const own = await asBound('run_model', { project: elsewhere, path: 'model.py' });
    const hidden = await ann.runModel(2);
    expect(codeOf(own)).toBe('ok');
    for (const [run_a, run_b] of [
      [own.structured.run, hidden.structured.run],
      [hidden.structured.run, own.structured.run],
    ])
      expect(codeOf(await asBound('compare_runs', { run_a, run_b }))).toBe('not_found');
  });

  test('takes no data out of another project’s run or upload', async () => {
    const run = await ann.runModel(3);
    const upload = await ann.call('create_upload', {
      project: ann.project,
      name: 'sent',
      format: 'csv',
      bytes: 4,
    });
    expect((await put(String(upload.structured.url), 'a\n1\n')).status).toBe(201);
    for (const from of [
      { run_output: { run: run.structured.run, name: 'left.csv' } },
      { upload: upload.structured.upload },
    ])
      expect(
        codeOf(await asBound('import_data', { project: elsewhere, name: 'taken', format: 'csv', ...from })),
      ).toBe('not_found');
  });

  test('is refused a project of its own, and told why', async () => {
    const { error } = await asBound('create_project', { name: 'Third' });
    expect([error?.code, error?.message]).toEqual([
      'token_restricted',
      'This token holds for some projects only; a project that it made would not be among them.',
    ]);
  });
});

test('whoever may read a project and not change it is told which role is missing', async () => {
  await give('viewer');
  const { error } = await asBob('write_files', {
    ...{ project: ann.project, files: [{ path: 'x.md', content: 'x' }], message: 'Try' },
  });
  expect(error).toMatchObject({
    code: 'insufficient_role',
    message: 'On this project you are viewer: you may read it, and not change it or run its models.',
    details: { role: 'viewer', needed: 'editor' },
  });
  expect(codeOf(await asBob('read_file', { project: ann.project, path: 'model.py' }))).toBe('ok');
  await give('editor');
});
