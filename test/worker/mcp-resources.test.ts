import { beforeAll, describe, expect, test } from 'vitest';
import { postMcp, readMessage } from '../support/mcp-call.ts';
import { type Content, READERS, type Reader } from '../support/mcp-clients.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const LINES = 5000;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1, 2, 255]);

const ROWS = 1200;
const MONTHS = Array.from({ length: ROWS }, (_, n) => [`M${n}`, `${n}`, n === 7 ? '\u202e=cmd()' : 'größer']);
const DATA = [
  ['months', 'csv', `${['month,eur,note', ...MONTHS.map((row) => row.join(','))].join('\n')}\n`],
  ['wide', 'csv', `a,b\n${`${'語'.repeat(299)},1\n`.repeat(280)}`],
  ['lines', 'jsonl', '{"a":1,"b":{"c":[1]}}\n\n{"b":null,"a":90071992547409930,"d":true}\n'],
] as const;

const MODEL = `import os
print("\\n".join(f"line {n}" for n in range(${LINES})))
os.makedirs("/outputs/charts")
open("/outputs/charts/a b.png", "wb").write(bytes.fromhex("${PNG.toString('hex')}"))
open("/outputs/table.csv", "w").write("a,b\\n1,2\\n")
open("/outputs/large.bin", "wb").write(os.urandom(1_100_000))
`;

let ann: Modeller;
let run = '';
let first = '';

beforeAll(async () => {
  ann = await settleModeller(stack, 'Ann', MODEL);
  const { structured } = await ann.call<{ commit: string }>('write_files', {
    project: ann.project,
    files: [
      { path: 'README.md', content: '# Models\n' },
      { path: 'notes/a plan.md', content: 'first' },
    ],
    message: 'Add notes',
  });
  first = structured.commit;
  await ann.call('write_files', {
    project: ann.project,
    files: [{ path: 'notes/a plan.md', content: 'second' }],
    message: 'Change notes',
  });
  await ann.call('import_data', {
    ...{ project: ann.project, name: 'sales', format: 'csv', text: 'month,eur\n2026-01,5\n' },
  });
  for (const [name, format, text] of DATA)
    await ann.call('import_data', { project: ann.project, name, format, text });
  ({ run } = (await ann.runModel(1)).structured);
});

const textOf = (contents: readonly Content[]) => contents[0]?.text;
const noticeOf = (contents: readonly Content[]) =>
  contents.find(({ _meta }) => _meta?.['causeway/notice'] === true)?.text;

const nextUri = (contents: readonly Content[]) => /\w+:\/\/\S+/.exec(noticeOf(contents) ?? '')?.[0];

describe.each(READERS)('a client of %s', (_revision, connect) => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await connect(stack, ann.token);
    return () => reader.close();
  });

  test('finds guides first, then the README, models, data and newest outputs, and can read all of them', async () => {
    const { resources } = await reader.list();
    expect(resources[0]?.uri).toBe('skill://write-a-model/SKILL.md');
    const own = resources.filter(({ uri }) => !uri.startsWith('skill://'));
    expect(own.map(({ uri }) => uri)).toEqual([
      `project://${ann.project}/README.md`,
      `project://${ann.project}/model.py`,
      `project://${ann.project}/notes/a%20plan.md`,
      `data://${ann.project}/lines`,
      `data://${ann.project}/months`,
      `data://${ann.project}/sales`,
      `data://${ann.project}/wide`,
      `run://${run}/outputs/charts/a%20b.png`,
      `run://${run}/outputs/large.bin`,
      `run://${run}/outputs/table.csv`,
    ]);
    for (const { uri, mimeType } of resources) {
      const [content] = await reader.read(uri);
      expect(content, uri).toMatchObject({ uri, mimeType });
    }
  });

  test('is told the templates', async () => {
    expect((await reader.templates()).map(({ uriTemplate }) => uriTemplate)).toEqual([
      'project://{project}/{path}{?ref}',
      'data://{project}/{source}',
      'run://{run}',
      'run://{run}/stdout',
      'run://{run}/stderr',
      'run://{run}/outputs/{name}',
      'comparison://{run_a}/{run_b}',
    ]);
  });

  test.each([
    ['by the id of its project', () => `project://${ann.project}/notes/a%20plan.md`, 'second'],
    ['by the name of its project', () => 'project://models/notes/a%20plan.md', 'second'],
    ['with its slash escaped', () => `project://${ann.project}/notes%2Fa%20plan.md`, 'second'],
    ['as it was', () => `project://${ann.project}/notes/a%20plan.md?ref=${first}`, 'first'],
  ])('reads a file %s', async (_how, uri, text) => {
    expect(await reader.read(uri())).toEqual([{ uri: uri(), mimeType: 'text/markdown', text }]);
  });

  test('reads what describe_data, get_run and compare_runs answer', async () => {
    const described = await ann.call('describe_data', { project: ann.project, name: 'sales' });
    expect(JSON.parse(textOf(await reader.read(`data://${ann.project}/sales`)) ?? '')).toEqual(
      described.structured,
    );
    const got = await ann.call('get_run', { run });
    expect(JSON.parse(textOf(await reader.read(`run://${run}`)) ?? '')).toEqual(got.structured);
    const compared = await ann.call('compare_runs', { run_a: run, run_b: run });
    expect(JSON.parse(textOf(await reader.read(`comparison://${run}/${run}`)) ?? '')).toEqual(
      compared.structured,
    );
  });

  test('reads a long text window by window, each by the URI that the one before names', async () => {
    let uri: string | undefined = `run://${run}/stdout`;
    let whole = '';
    let windows = 0;
    while (uri !== undefined) {
      const contents = await reader.read(uri);
      whole += textOf(contents);
      windows += 1;
      uri = nextUri(contents);
    }
    expect(windows).toBe(3);
    expect(whole).toBe(`${Array.from({ length: LINES }, (_, n) => `line ${n}`).join('\n')}\n`);
  });

  test('reads the rows of data page by page, each by the URI that the one before names', async () => {
    const [described, ...notices] = await reader.read(`data://${ann.project}/months`);
    expect(JSON.parse(described?.text ?? '')).toMatchObject({ row_count: ROWS });
    let uri = nextUri(notices);
    const rows: unknown[] = [];
    let pages = 0;
    while (uri !== undefined) {
      const contents = await reader.read(uri);
      const page = JSON.parse(textOf(contents) ?? '');
      expect(page).toMatchObject({ columns: ['month', 'eur', 'note'], total: ROWS });
      rows.push(...page.rows);
      pages += 1;
      uri = nextUri(contents);
    }
    expect(pages).toBe(3);
    expect(rows).toEqual(MONTHS.map(([month, eur, note]) => [month, eur, note?.replace('\u202e', '\ufffd')]));
  });

  test('gets no more of wide rows than an answer may hold, and is told where they go on', async () => {
    const contents = await reader.read(`data://${ann.project}/wide?offset=10`);
    const { rows } = JSON.parse(textOf(contents) ?? '') as { rows: string[][] };
    expect(rows.length).toBeGreaterThan(100);
    expect(JSON.stringify(rows).length).toBeLessThan(66 * 1024);
    expect(noticeOf(contents)).toContain(`rows 11 to ${10 + rows.length} of 280`);
    expect(nextUri(contents)).toBe(`data://${ann.project}/wide?offset=${10 + rows.length}`);
  });

  test('reads rows of JSON by the columns of all of them, with what JSON cannot hold as text', async () => {
    const [content] = await reader.read(`data://${ann.project}/lines?offset=0`);
    expect(JSON.parse(content?.text ?? '')).toEqual({
      columns: ['a', 'b', 'd'],
      rows: [
        [1, '{"c": [1]}', null],
        ['90071992547409930', null, true],
      ],
      total: 2,
    });
    const past = await reader.read(`data://${ann.project}/lines?offset=2`);
    expect(JSON.parse(textOf(past) ?? '')).toMatchObject({ rows: [], total: 2 });
    expect(noticeOf(past)).toContain('all before this offset');
  });

  test('gets an image as a blob, a table as text', async () => {
    const [image] = await reader.read(`run://${run}/outputs/charts/a%20b.png`);
    expect(image).toMatchObject({ mimeType: 'image/png', blob: PNG.toString('base64') });
    expect(await reader.read(`run://${run}/outputs/table.csv`)).toEqual([
      { uri: `run://${run}/outputs/table.csv`, mimeType: 'text/csv', text: 'a,b\n1,2\n' },
    ]);
  });

  test('is told where to download what is too large', async () => {
    const contents = await reader.read(`run://${run}/outputs/large.bin`);
    expect(textOf(contents)).toBe('');
    const url = /https?:\S+/.exec(noticeOf(contents) ?? '')?.[0] ?? '';
    const downloaded = await fetch(url);
    expect((await downloaded.arrayBuffer()).byteLength).toBe(1_100_000);
  });

  test.each([
    ['a file', () => `project://${ann.project}/absent.md`],
    ['a project', () => 'project://absent/a.md'],
    ['a commit', () => `project://${ann.project}/README.md?ref=0123456`],
    ['data', () => `data://${ann.project}/absent`],
    ['an output', () => `run://${run}/outputs/absent.csv`],
    ['a run', () => 'run://run_absent/stdout'],
    ['a skill', () => 'skill://absent/SKILL.md'],
    ['a scheme', () => 'file:///etc/passwd'],
    ['a form', () => `run://${run}/stdin`],
  ])('is told that %s is not there', async (_what, uri) => {
    await expect(reader.read(uri())).rejects.toMatchObject({ code: -32602, data: { uri: uri() } });
  });

  test.each([
    [
      'a path that leaves the project',
      () => `project://${ann.project}/..%2F..%2Fetc%2Fpasswd`,
      'leave the project',
    ],
    [
      'a parameter that is not there',
      () => `project://${ann.project}/README.md?reff=x`,
      'reff: there is no such',
    ],
    ['a parameter that is given twice', () => `run://${run}/stdout?offset=1&offset=2`, 'offset'],
    ['an offset that is no number', () => `run://${run}/stdout?offset=x`, 'offset'],
    ['a NUL', () => `project://%00/README.md`, 'project: holds a NUL'],
  ])('is told what is wrong with %s', async (_what, uri, says) => {
    await expect(reader.read(uri())).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining(says),
    });
  });
});

test('a long list comes in pages that hold every project once, the last changed first', async () => {
  // The other client goes through the pages by itself.
  const [, connect] = READERS[1] as (typeof READERS)[number];
  const bea = await settlePerson(stack, { name: 'Bea' });
  const settled = await settleModeller(stack, 'Cid');
  const names = Array.from({ length: 23 }, (_, n) => `Project ${n}`);
  for (const name of names) {
    const { structured } = await settled.call<{ project: string }>('create_project', { name });
    const files = [{ path: 'README.md', content: name }];
    await settled.call('write_files', { project: structured.project, files, message: 'Start' });
  }
  const reader = await connect(stack, settled.token);
  const seen: string[] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const page = await reader.list(cursor);
    pages += 1;
    seen.push(...page.resources.filter(({ name }) => name === 'README.md').map(({ title }) => title ?? ''));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(pages).toBe(3);
  expect(seen.toSorted()).toEqual(names.map((name) => `${name}: README.md`).toSorted());
  await expect(reader.list('nonsense')).rejects.toMatchObject({ code: -32602 });
  await reader.close();

  const ofBea = await connect(stack, bea.token);
  const { resources } = await ofBea.list();
  expect(resources.every(({ uri }) => uri.startsWith('skill://'))).toBe(true);
  await ofBea.close();
});

test('a list leaves out what the token may not read, and does not refuse', async () => {
  const [, connect] = READERS[1] as (typeof READERS)[number];
  const dora = await settlePerson(stack, { name: 'Dora', tenant: ann.tenant, scopes: ['data:read'] });
  const reader = await connect(stack, dora.token);
  const schemes = (await reader.list()).resources.map(({ uri }) => uri.split(':')[0]);
  expect(new Set(schemes)).toEqual(new Set(['skill', 'data']));
  await reader.close();
});

test('each read, prompt and completion is in the request log by the name of its kind, never by what it named', async () => {
  const [, connect] = READERS[0] as (typeof READERS)[number];
  const eve = await settlePerson(stack, { name: 'Eve', tenant: ann.tenant });
  const reader = await connect(stack, eve.token);
  await reader.read(`project://${ann.project}/notes/a%20plan.md`);
  await reader.prompt('explain_run', { run });
  await reader.complete({ type: 'ref/resource', uri: 'run://{run}' }, { name: 'run', value: '' });
  await expect(reader.read(`data://${ann.project}/secret_name`)).rejects.toThrow();
  await reader.close();
  const uses = () =>
    queryAs(
      stack.superuserUrl,
      "select method, target, outcome, reason from app.token_uses where credential_id = $1 and method <> 'server/discover' order by occurred_at",
      [eve.tokenId],
    );
  await expect.poll(uses).toEqual([
    { method: 'resources/read', target: 'project_file', outcome: 'ok', reason: null },
    { method: 'prompts/get', target: 'explain_run', outcome: 'ok', reason: null },
    { method: 'completion/complete', target: 'run', outcome: 'ok', reason: null },
    { method: 'resources/read', target: 'data_source', outcome: 'refused', reason: 'not_found' },
  ]);
});

test('every icon that is named is an image that anybody may fetch', async () => {
  const ask = async (method: string, params: object = {}) =>
    JSON.stringify(
      await readMessage(await postMcp(stack, ann.token, { jsonrpc: '2.0', id: 1, method, params })),
    );
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const answers = await Promise.all([
    ask('initialize', hello),
    ask('prompts/list'),
    ask('resources/templates/list'),
    ask('resources/list'),
  ]);
  const named = answers.map((answer) => [...answer.matchAll(/"src":"([^"]+)"/g)].map(([, src = '']) => src));
  expect(named.map((icons) => icons.length > 0)).toEqual([true, true, true, true]);
  const icons = new Set(named.flat());
  expect(icons.size).toBe(6);
  for (const icon of icons) {
    const response = await fetch(icon);
    expect(response.headers.get('content-type'), icon).toBe('image/svg+xml');
    expect(await response.text()).toMatch(/^<svg /);
  }
});
