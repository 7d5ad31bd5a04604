import { beforeAll, describe, expect, test } from 'vitest';
import { postMcp } from '../support/mcp-call.ts';
import { type Modeller, type RunReply, settleModeller } from '../support/model-project.ts';
import { settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();

const FORECAST = `import causeway
import pandas as pd

growth = causeway.parameters.get("growth", 0.1)
table = pd.DataFrame({"month": range(1, 13)})
table["revenue"] = [round(100 * (1 + growth) ** (month - 1), 2) for month in table.month]
table.to_csv("/outputs/forecast.csv", index=False)
table.to_parquet("/outputs/forecast.parquet")
print("total", round(table.revenue.sum(), 2))
`;
const CHART = `import matplotlib.pyplot as plt

plt.plot([1, 2, 3])
plt.savefig("/outputs/chart.png")
with open("/outputs/fake.png", "w") as file:
    file.write("<script>alert(1)</script>")
with open("/outputs/notes.bin", "wb") as file:
    file.write(bytes(range(256)))
`;
const LARGE = `import pandas as pd

pd.DataFrame({"n": range(150_000), "text": "some text"}).to_csv("/outputs/large.csv", index=False)
`;

interface Shown {
  readonly kind: string;
  readonly columns: string[];
  readonly rows: unknown[][];
  readonly text: string | null;
  readonly total: number | null;
  readonly truncated: boolean;
  readonly download_url: string | null;
}

interface Page {
  readonly runs: readonly { readonly run: string }[];
  readonly total: number;
  readonly cursor: string | null;
}

let ann: Modeller;
let bob: Modeller;
const runs: Record<string, RunReply> = {};

beforeAll(async () => {
  [ann, bob] = await Promise.all([settleModeller(stack, 'Ann'), settleModeller(stack, 'Bob')]);
  const files = { 'forecast.py': FORECAST, 'chart.py': CHART, 'large.py': LARGE };
  await ann.call('write_files', {
    project: ann.project,
    files: Object.entries(files).map(([path, content]) => ({ path, content })),
    message: 'Add models',
  });
});

async function run(path: string, parameters: Record<string, unknown> = {}): Promise<RunReply> {
  const { structured, error } = await ann.call<RunReply>('run_model', {
    project: ann.project,
    path,
    parameters,
  });
  if (error !== null) throw new Error(JSON.stringify(error));
  return structured;
}
const show = async (of: RunReply | undefined, name: string, more: Record<string, unknown> = {}) =>
  ann.call<Shown>('get_run_output', { run: of?.run, name, ...more });

describe('run_model', () => {
  test('runs a committed file and returns what it printed and left', async () => {
    runs.base = await run('forecast.py');
    expect(runs.base.state).toBe('succeeded');
    expect(runs.base.stdout.text).toBe('total 2138.42\n');
    expect(runs.base.outputs.map(({ name, media_type }) => [name, media_type])).toEqual([
      ['forecast.csv', 'text/csv'],
      ['forecast.parquet', 'application/vnd.apache.parquet'],
    ]);
  });

  test.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'a file that is not there',
      { path: 'Forecast.py' },
      'not_found',
      /^`Forecast.py` is not in the project at commit [0-9a-f]{7}; Python files there: chart.py, forecast.py, large.py, model.py\.$/,
    ],
    [
      'a commit that is not there',
      { path: 'forecast.py', ref: 'abcdef0' },
      'not_found',
      /has no commit `abcdef0`/,
    ],
    [
      'a data source that is not there',
      { path: 'forecast.py', data: ['sales'] },
      'not_found',
      /no data source `sales`; it has no data source/,
    ],
    [
      'too many parameters',
      { path: 'forecast.py', parameters: { text: 'x'.repeat(70_000) } },
      'invalid_arguments',
      /64 KiB is the most/,
    ],
    [
      'a NUL in the parameters',
      { path: 'forecast.py', parameters: { text: 'a\0' } },
      'invalid_arguments',
      /NUL/,
    ],
    ['more memory than there is', { path: 'forecast.py', memory_mb: 5000 }, 'invalid_arguments', /memory_mb/],
    [
      'a longer wait than clients bear',
      { path: 'forecast.py', wait_seconds: 51 },
      'invalid_arguments',
      /wait_seconds/,
    ],
  ])('with %s says what to do', async (_what, input, code, message) => {
    const { error } = await ann.call('run_model', { project: ann.project, ...input });
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
  });

  test('a project of another tenant and an absent one look alike', async () => {
    const others = (await ann.call('run_model', { project: bob.project, path: 'model.py' })).error;
    const absent = (await ann.call('run_model', { project: 'nothing', path: 'model.py' })).error;
    expect([others?.code, others?.message.replace(bob.project, 'X')]).toEqual([
      absent?.code,
      absent?.message.replace('nothing', 'X'),
    ]);
  });

  test('a viewer may look at runs and may start none', async () => {
    const viewer = await settlePerson(stack, { name: 'Vera', tenant: ann.tenant, role: 'viewer' });
    const call = (tool: string, input: object) =>
      postMcp(stack, viewer.token, {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: tool, arguments: input },
      });
    expect((await call('run_model', { project: ann.project, path: 'model.py' })).status).toBe(403);
    expect((await call('cancel_run', { run: runs.base?.run })).status).toBe(403);
    expect((await call('get_run', { run: runs.base?.run })).status).toBe(200);
  });

  test('tells a client that asks for it what a model prints while it runs', async () => {
    const code =
      'import time\nimport causeway\nfor step in range(4):\n    causeway.progress(step, 4, f"step {step}")\n    time.sleep(0.4)\n';
    const response = await postMcp(stack, ann.token, {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'run_code', arguments: { project: ann.project, code }, _meta: { progressToken: 'p' } },
    });
    const messages = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(([, data]) =>
      JSON.parse(data ?? ''),
    );
    const told = messages
      .filter(({ method }) => method === 'notifications/progress')
      .map(({ params }) => params);
    expect(told.some(({ message, total }) => /^step [0-3]$/.test(message) && total === 4)).toBe(true);
    expect(told.map(({ progress }) => progress)).toEqual(
      [...told.map(({ progress }) => progress)].sort((a, b) => a - b),
    );
    expect(messages.at(-1).result.structuredContent.state).toBe('succeeded');
  });

  test('leaves audit events that say who started it and how it ended', async () => {
    const events = await queryAs(
      stack.superuserUrl,
      'select action, outcome, credential_kind, actor_user_id, details from app.audit_events where target_id = $1 order by position',
      [runs.base?.run],
    );
    expect(events.map(({ action, credential_kind }) => [action, credential_kind])).toEqual([
      ['run.start', 'api_token'],
      ['run.finish', 'executor'],
    ]);
    expect(events[0]?.actor_user_id).toBe(ann.user);
    expect(events[1]?.details).toMatchObject({ state: 'succeeded', fence: 1 });
  });
});

describe('run_code', () => {
  test('runs a script that is in no commit, beside the files of the project', async () => {
    const { structured } = await ann.call<RunReply>('run_code', {
      project: ann.project,
      code: 'import os\nprint(sorted(os.listdir("/repo")))\n1 / 0\n',
    });
    expect(structured.stdout.text).toContain('forecast.py');
    expect(structured.error).toMatchObject({ type: 'ZeroDivisionError', line: 3 });
  });
});

describe('get_run_output', () => {
  test('pages a CSV and a Parquet file as rows', async () => {
    const csv = (await show(runs.base, 'forecast.csv', { offset: 1, limit: 2 })).structured;
    expect(csv).toMatchObject({
      kind: 'table',
      columns: ['month', 'revenue'],
      rows: [
        ['2', '110.0'],
        ['3', '121.0'],
      ],
      total: 12,
      truncated: true,
    });
    const parquet = (await show(runs.base, 'forecast.parquet', { offset: 10 })).structured;
    expect(parquet).toMatchObject({
      kind: 'table',
      rows: [
        [11, 259.37],
        [12, 285.31],
      ],
      total: 12,
      truncated: false,
    });
  });

  test('pages a large CSV in a sandbox', async () => {
    const large = await run('large.py');
    const { structured } = await show(large, 'large.csv', { offset: 149_999 });
    expect(structured).toMatchObject({ rows: [['149999', 'some text']], total: 150_000, truncated: false });
  });

  test('shows a chart as an image, and never something else as one', async () => {
    runs.chart = await run('chart.py');
    const chart = await show(runs.chart, 'chart.png');
    expect(chart.content[1]).toMatchObject({ type: 'image', mimeType: 'image/png' });
    const fake = await show(runs.chart, 'fake.png');
    expect([fake.structured.kind, fake.content.length]).toEqual(['file', 1]);
  });

  test('links to what cannot be shown, as an attachment that no browser renders', async () => {
    const { structured } = await show(runs.chart, 'notes.bin');
    expect(structured.kind).toBe('file');
    const answered = await fetch(structured.download_url ?? '');
    expect(new Uint8Array(await answered.arrayBuffer())).toEqual(
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    );
    expect(answered.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''notes.bin");
    expect(answered.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    expect(answered.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${structured.download_url}x`)).status).toBe(401);
  });

  test('shows a stream by lines, and names what there is where a name is wrong', async () => {
    expect((await show(runs.base, 'stdout')).structured).toMatchObject({
      kind: 'text',
      text: 'total 2138.42\n',
      truncated: false,
    });
    expect((await show(runs.base, 'forcast.csv')).error?.message).toBe(
      'The run has no output `forcast.csv`; it left: `forecast.csv`, `forecast.parquet`.',
    );
  });

  test('shows the steps that a run told of, which a file of that name comes before', async () => {
    const code = (more: string) => `import causeway\ncauseway.progress(1, 2, "half")\n${more}`;
    const told = (await ann.call<RunReply>('run_code', { project: ann.project, code: code('print(1)') }))
      .structured;
    const { text, total } = (await show(told, 'progress')).structured;
    expect(JSON.parse(text ?? '')).toMatchObject({ done: 1, total: 2, message: 'half' });
    expect(total).toBe(1);
    expect((await show(runs.base, 'progress')).structured).toMatchObject({
      kind: 'text',
      text: '',
      total: 0,
    });
    const wrote = code('open("/outputs/progress", "w").write("a file")');
    const named = (await ann.call<RunReply>('run_code', { project: ann.project, code: wrote })).structured;
    expect((await show(named, 'progress')).structured.kind).toBe('file');
  });

  test("of another tenant's run shows nothing", async () => {
    expect(
      (await bob.call('get_run_output', { run: runs.base?.run, name: 'forecast.csv' })).error?.code,
    ).toBe('not_found');
    expect((await bob.call('get_run', { run: runs.base?.run })).error?.code).toBe('not_found');
  });
});

describe('compare_runs', () => {
  test('finds two runs of the same inputs identical', async () => {
    const again = await run('forecast.py');
    expect(again.run).not.toBe(runs.base?.run);
    const { structured } = await ann.call('compare_runs', { run_a: runs.base?.run, run_b: again.run });
    expect(structured).toMatchObject({
      same_inputs: true,
      same_outputs: true,
      summary:
        'Made of the same code, parameters, data and image; what they left is identical, byte by byte.',
    });
  });

  test('says what other parameters changed, in numbers', async () => {
    const faster = await run('forecast.py', { growth: 0.2 });
    const { structured } = await ann.call('compare_runs', { run_a: runs.base?.run, run_b: faster.run });
    expect(structured).toMatchObject({
      same_inputs: false,
      parameters: ['growth: (absent) → 0.2'],
      code: [],
      outputs: ['forecast.csv: changed', 'forecast.parquet: changed'],
      tables: [
        { name: 'forecast.csv', columns: [{ column: 'revenue', sum_a: 2138.42, largest_difference: 457.7 }] },
      ],
    });
  });

  test("with another tenant's run finds nothing", async () => {
    const theirs = await bob.startModel(1);
    expect((await ann.call('compare_runs', { run_a: runs.base?.run, run_b: theirs })).error?.code).toBe(
      'not_found',
    );
    await bob.getRun(theirs, 30);
  });
});

describe('list_runs', () => {
  test('pages through the runs of a project, newest first, each once', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    let total = 0;
    do {
      const input = { project: ann.project, limit: 3, ...(cursor === null ? {} : { cursor }) };
      const page: Page = (await ann.call<Page>('list_runs', input)).structured;
      seen.push(...page.runs.map((entry) => entry.run));
      ({ cursor, total } = page);
    } while (cursor !== null);
    expect(seen).toHaveLength(total);
    expect(new Set(seen).size).toBe(total);
    expect(seen).toEqual([...seen].sort().reverse());
  });

  test('shows only those in a state', async () => {
    const { structured } = await ann.call<{ runs: { state: string }[] }>('list_runs', {
      project: ann.project,
      state: 'failed',
    });
    expect(new Set(structured.runs.map(({ state }) => state))).toEqual(new Set(['failed']));
  });
});
