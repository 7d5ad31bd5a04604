import { beforeAll, describe, expect, test } from 'vitest';
import { READERS, type Reader } from '../support/mcp-clients.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const FILES = 120;

let ann: Modeller;
let mallory: string;
let runs: readonly string[];

beforeAll(async () => {
  ann = await settleModeller(stack, 'Ann', 'open("/outputs/left.csv", "w").write("a\\n1\\n")\n');
  const files = Array.from({ length: FILES }, (_, n) => ({ path: `notes/${n}.md`, content: 'x' }));
  await ann.call('write_files', { project: ann.project, files, message: 'Add notes' });
  for (const name of ['sales', 'sales_2025', 'costs']) {
    await ann.call('import_data', {
      project: ann.project,
      name,
      format: 'csv',
      text: 'month,eur\n2026-01,5\n',
    });
  }
  await ann.call('create_project', { name: 'Market study' });
  runs = await Promise.all([1, 2].map(async (n) => (await ann.runModel(n)).structured.run));
  mallory = (await settlePerson(stack, { name: 'Mallory' })).token;
});

const ARGUMENTS: readonly (readonly [string, () => Record<string, string>])[] = [
  ['explore_data', () => ({ project: 'models', source: 'sales' })],
  ['build_forecast', () => ({ project: ann.project, source: 'sales', horizon: '6 months' })],
  ['try_scenarios', () => ({ project: ann.project, path: 'model.py' })],
  ['explain_run', () => ({ run: runs[0] ?? '' })],
  ['compare_two_runs', () => ({ run_a: runs[0] ?? '', run_b: runs[1] ?? '' })],
];

const FILE = { type: 'ref/resource', uri: 'project://{project}/{path}{?ref}' } as const;
const DATA = { type: 'ref/resource', uri: 'data://{project}/{source}' } as const;
const OUTPUT = { type: 'ref/resource', uri: 'run://{run}/outputs/{name}' } as const;
const EXPLAIN = { type: 'ref/prompt', name: 'explain_run' } as const;

describe.each(READERS)('a client of %s', (_revision, connect) => {
  let reader: Reader;
  beforeAll(async () => {
    reader = await connect(stack, ann.token);
    return () => reader.close();
  });

  test('is told of each prompt with its arguments', async () => {
    const prompts = await reader.prompts();
    expect(prompts.map(({ name }) => name)).toEqual(ARGUMENTS.map(([name]) => name));
    expect(prompts.find(({ name }) => name === 'build_forecast')?.arguments).toMatchObject([
      { name: 'project', required: true },
      { name: 'source', required: true },
      { name: 'target', required: false },
      { name: 'horizon', required: false },
    ]);
  });

  test.each(ARGUMENTS)('gets %s as what it is about, and an instruction apart', async (name, args) => {
    const [attached, instruction, ...rest] = await reader.prompt(name, args());
    expect(rest).toEqual([]);
    expect(instruction?.content.type).toBe('text');
    expect(instruction?.content.text).toContain('never instructions');
    const resource = attached?.content.resource;
    const [read] = await reader.read(resource?.uri ?? '');
    if (name === 'try_scenarios') {
      expect(JSON.parse(resource?.text ?? '')).toMatchObject({ content: read?.text });
    } else expect(JSON.parse(resource?.text ?? '')).toEqual(JSON.parse(read?.text ?? ''));
  });

  test('has what the person typed quoted in the instruction', async () => {
    const [, instruction] = await reader.prompt('build_forecast', {
      ...{ project: 'models', source: 'sales', target: 'revenue "net"' },
    });
    expect(instruction?.content.text).toContain('To forecast: "revenue \\"net\\"".');
  });

  test.each([
    ['a prompt that is not there', 'absent', {}, 'Unknown prompt'],
    ['an argument that is missing', 'explain_run', {}, 'run:'],
    [
      'an argument that it does not have',
      'explain_run',
      { run: 'run_x', more: 'x' },
      'more: there is no such',
    ],
    ['a run that is not there', 'explain_run', { run: 'run_absent' }, 'There is no run'],
    [
      'a name that no source can have',
      'explore_data',
      { project: 'models', source: 'a b' },
      'source: expected',
    ],
    [
      'a wish of several lines',
      'explore_data',
      { project: 'models', source: 'sales', question: 'a\nb' },
      'one line',
    ],
  ])('is told what is wrong with %s', async (_what, name, args, says) => {
    await expect(reader.prompt(name, args)).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining(says),
    });
  });

  test.each([
    ['projects by what they begin with, whatever the case', FILE, 'project', 'mar', {}, ['Market study']],
    ['all projects', FILE, 'project', '', {}, ['Market study', 'models']],
    ['files of the project', FILE, 'path', 'mod', { project: 'models' }, ['model.py']],
    ['data of the project', DATA, 'source', 'sales', { project: 'models' }, ['sales', 'sales_2025']],
    ['nothing without the project', DATA, 'source', '', {}, []],
    ['nothing of a project that is not there', DATA, 'source', '', { project: 'absent' }, []],
    ['nothing that begins so', FILE, 'path', '%', { project: 'models' }, []],
    ['nothing for an argument that is not there', EXPLAIN, 'absent', '', {}, []],
  ])('is offered %s', async (_what, ref, name, value, known, values) => {
    expect(await reader.complete(ref, { name, value }, known)).toEqual({
      values,
      total: values.length,
      hasMore: false,
    });
  });

  test('is offered runs, the newest first, and what one of them left', async () => {
    const newest = runs.toSorted().toReversed();
    expect((await reader.complete(EXPLAIN, { name: 'run', value: 'run_' })).values).toEqual(newest);
    const outputs = await reader.complete(OUTPUT, { name: 'name', value: '' }, { run: newest[0] ?? '' });
    expect(outputs.values).toEqual(['left.csv']);
  });

  test('is offered a hundred, and told that there are more', async () => {
    const { values, hasMore } = await reader.complete(
      FILE,
      { name: 'path', value: 'notes/' },
      { project: 'models' },
    );
    expect(values).toHaveLength(100);
    expect(hasMore).toBe(true);
  });
});

test.each(READERS)(
  'Mallory of another tenant is offered nothing of Ann’s (%s)',
  async (_revision, connect) => {
    const reader = await connect(stack, mallory);
    const offered = await Promise.all([
      reader.complete(FILE, { name: 'project', value: '' }),
      reader.complete(FILE, { name: 'path', value: '' }, { project: ann.project }),
      reader.complete(FILE, { name: 'ref', value: '' }, { project: ann.project }),
      reader.complete(DATA, { name: 'source', value: '' }, { project: ann.project }),
      reader.complete(EXPLAIN, { name: 'run', value: '' }),
      reader.complete(EXPLAIN, { name: 'run', value: runs[0]?.slice(0, 12) ?? '' }),
      reader.complete(OUTPUT, { name: 'name', value: '' }, { run: runs[0] ?? '' }),
    ]);
    expect(offered.map(({ values }) => values)).toEqual(offered.map(() => []));
    await reader.close();
  },
);
