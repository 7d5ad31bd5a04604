import { beforeAll, describe, expect, test } from 'vitest';
import { Ear } from '../support/ear.ts';
import { formsOf } from '../support/forms-of.ts';
import { callTool } from '../support/mcp-call.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount } from '../support/visitor.ts';

/**
 * Each way by which a value of the data may reach an agent, one by one, and taken twice: of data that agents see in full,
 * where the value comes out and so the way is one, and of the same data of which they see the schema only.
 */
const stack = sharedStack();
const SECRET = `zq${crypto.randomUUID().replaceAll('-', '')}`;
const SIGHTS = ['full', 'schema_only'] as const;
type Sight = (typeof SIGHTS)[number];

const tells = (source: string) => `import sys
import time

import causeway

df = causeway.data("${source}")
value = str(df["name"][0])
print("out", value)
print("err", value, file=sys.stderr)
causeway.progress(1, 2, value)
time.sleep(0.6)
df.to_csv("/outputs/rows.csv", index=False)
df.to_parquet("/outputs/rows.parquet")
open("/outputs/chart.png", "wb").write(bytes.fromhex("89504e470d0a1a0a") + value.encode())
open(f"/outputs/{value}.txt", "w").write(value)
`;
const fails = (source: string) => `import causeway

raise KeyError(str(causeway.data("${source}")["name"][0]))
`;

interface Seen {
  readonly ear: Ear;
  readonly project: string;
  readonly source: string;
  /** Ids of the run that succeeds and of the one that fails, and what the calls that started them answered. */
  readonly told: string;
  readonly failed: string;
  readonly answers: { readonly told: unknown; readonly failed: unknown };
  /** What came before the answer of the first. */
  readonly meanwhile: string;
}

const seen = {} as Record<Sight, Seen>;

beforeAll(async () => {
  const paula = await settleAccount(stack, { name: 'Paula' });
  const mallory = await settleAccount(stack, { name: 'Mallory', tenant: paula.tenant, role: 'member' });
  for (const source of SIGHTS) {
    const wish = { name: `Pay, ${source}` };
    const made = await callTool<{ project: string }>(stack, paula.token, 'create_project', wish);
    const { project } = made.structured;
    const imported = await callTool(stack, paula.token, 'import_data', {
      ...{
        project,
        name: source,
        format: 'csv',
        text: `name,salary\n${SECRET},1\n`,
        ...(source === 'full' ? {} : { agent_sees: source }),
      },
    });
    expect(imported.error).toBe(null);
    const ear = new Ear(stack, mallory.token, '2025');
    const run = async (code: string) =>
      ear.call<{ run: string }>('run_code', { project, code, data: [source] });
    const told = await run(tells(source));
    const meanwhile = ear.heard
      .join('\n')
      .split('\n')
      .filter((line) => line.includes('notifications/'))
      .join('\n');
    const failed = await run(fails(source));
    const answers = { told, failed };
    seen[source] = { ear, project, source, told: told.run, failed: failed.run, answers, meanwhile };
  }
}, 120_000);

const call = (name: string, args: (from: Seen) => Record<string, unknown>) => (from: Seen) =>
  from.ear.ask('tools/call', { name, arguments: args(from) });
const output = (name: string) => call('get_run_output', ({ told }) => ({ run: told, name }));
const ask = (method: string, params: (from: Seen) => Record<string, unknown>) => (from: Seen) =>
  from.ear.ask(method, params(from));

const WAYS: readonly (readonly [string, (from: Seen) => unknown])[] = [
  ['the preview of the data', call('describe_data', ({ project, source }) => ({ project, name: source }))],
  ['its resource', ask('resources/read', ({ project, source }) => ({ uri: `data://${project}/${source}` }))],
  [
    'a query for its rows',
    ask('resources/read', ({ project, source }) => ({ uri: `data://${project}/${source}?offset=0` })),
  ],
  ['the answer of the call that ran', ({ answers }) => answers.told],
  ['progress while it ran', ({ meanwhile }) => meanwhile],
  ['get_run', call('get_run', ({ told }) => ({ run: told }))],
  ['stdout', output('stdout')],
  ['stderr', output('stderr')],
  ['a table that it left', output('rows.csv')],
  ['a table that is read in a sandbox', output('rows.parquet')],
  ['a chart', output('chart.png')],
  [
    'the resource of a run, which names what it left',
    ask('resources/read', ({ told }) => ({ uri: `run://${told}` })),
  ],
  [
    'the name of what it left, completed',
    ask('completion/complete', ({ told }) => ({
      ref: { type: 'ref/resource', uri: 'run://{run}/outputs/{name}' },
      argument: { name: 'name', value: '' },
      context: { arguments: { run: told } },
    })),
  ],
  ['the error of a call that ran', ({ answers }) => answers.failed],
  ['the traceback', call('get_run_output', ({ failed }) => ({ run: failed, name: 'stderr' }))],
  ['the error of a run, later', call('get_run', ({ failed }) => ({ run: failed }))],
  ['the list of runs', call('list_runs', ({ project }) => ({ project }))],
  [
    'a prompt about a run',
    ask('prompts/get', ({ failed }) => ({ name: 'explain_run', arguments: { run: failed } })),
  ],
  ['a comparison', call('compare_runs', ({ told, failed }) => ({ run_a: told, run_b: failed }))],
  [
    'an import of what it left',
    call('import_data', ({ project, told }) => ({
      ...{ project, name: 'copy', format: 'csv', run_output: { run: told, name: 'rows.csv' } },
    })),
  ],
];

describe('a value of data leaves by', () => {
  test.each(WAYS)('%s, where agents see all of it, and not where they see the schema', async (_way, take) => {
    const holds = async (sight: Sight) => {
      const text = JSON.stringify(await take(seen[sight]));
      return formsOf(SECRET).some((form) => text.includes(form));
    };
    expect(await holds('full')).toBe(true);
    expect(await holds('schema_only')).toBe(false);
  });
});
