import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { MODELS, type ModelPath, modelText, vegaFile } from '../../examples/demo/files.ts';
import { callTool } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const PROJECT = 'Examples';

interface Run extends Record<string, unknown> {
  readonly run: string;
  readonly state: string;
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly outputs: readonly { readonly name: string }[];
}

let ann: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
  await call('create_project', { name: PROJECT });
  const files = (Object.keys(MODELS) as ModelPath[]).map((path) => ({ path, content: modelText(path) }));
  await call('write_files', { project: PROJECT, files, message: 'Add the examples' });
  const sales = readFileSync(new URL('../../examples/revenue-forecast/sales.csv', import.meta.url), 'utf8');
  await importText('sales', 'csv', sales);
  await importText('employment', 'csv', readFileSync(vegaFile('us-employment.csv'), 'utf8'));
  const budget = JSON.parse(readFileSync(vegaFile('budget.json'), 'utf8')) as unknown[];
  // The first hundred accounts fit into a call; the demo sends all through an upload.
  await importText(
    'budget',
    'jsonl',
    budget
      .slice(0, 100)
      .map((record) => JSON.stringify(record))
      .join('\n'),
  );
});

async function call<Structured = Record<string, unknown>>(tool: string, input: Record<string, unknown>) {
  const { structured, error } = await callTool<Structured>(stack, ann.token, tool, input);
  if (error !== null) throw new Error(`${tool}: ${error.code}: ${error.message}`);
  return structured;
}

const importText = (name: string, format: string, text: string) =>
  call('import_data', { project: PROJECT, name, format, text });

const run = (path: ModelPath, data: string[], parameters: Record<string, unknown> = {}) =>
  call<Run>('run_model', { project: PROJECT, path, data, parameters });

async function rowsOf(
  { run: id, state, error }: Run,
  name: string,
): Promise<Record<string, number | string>[]> {
  if (state !== 'succeeded') throw new Error(`the run is ${state}: ${JSON.stringify(error)}`);
  const { columns, rows } = await call<{ columns: string[]; rows: string[][] }>('get_run_output', {
    run: id,
    name,
  });
  return rows.map((row) =>
    Object.fromEntries(
      columns.map((column, index) => {
        const number = Number(row[index]);
        return [column, Number.isFinite(number) ? number : (row[index] ?? '')];
      }),
    ),
  );
}

const total = (rows: Record<string, number | string>[], column: string) =>
  rows.reduce((sum, row) => sum + Number(row[column]), 0);

describe('the revenue forecast', () => {
  test('keeps a year as it was without growth, and its seasons sum to the same', async () => {
    const flat = await rowsOf(await run('forecast.py', ['sales'], { growth: 0 }), 'summary.csv');
    for (const row of flat) expect(Math.abs(Number(row.change_percent))).toBeLessThan(0.5);
    const even = await rowsOf(
      await run('forecast.py', ['sales'], { growth: 0, seasonality: 0 }),
      'forecast.csv',
    );
    expect(new Set(even.map(({ Aurora }) => Aurora)).size).toBe(1);
    expect(even).toHaveLength(12);
  });

  test('raises one product by the change of its price, and no other', async () => {
    const before = await rowsOf(await run('forecast.py', ['sales']), 'forecast.csv');
    const after = await rowsOf(
      await run('forecast.py', ['sales'], { price: { Aurora: 0.1 } }),
      'forecast.csv',
    );
    expect(total(after, 'Aurora') / total(before, 'Aurora')).toBeCloseTo(1.1, 4);
    expect(total(after, 'Cirrus')).toBe(total(before, 'Cirrus'));
  });

  test('names a product that the data does not have', async () => {
    const failed = await run('forecast.py', ['sales'], { price: { Zephyr: 0.1 } });
    expect(failed).toMatchObject({ state: 'failed', error: { message: expect.stringContaining('Zephyr') } });
  });
});

test('the employment trend brings an interval that widens, and a chart', async () => {
  const ran = await run('trend.py', ['employment'], { months: 6 });
  const rows = await rowsOf(ran, 'forecast.csv');
  expect(rows).toHaveLength(6);
  const widths = rows.map(({ low, high }) => Number(high) - Number(low));
  expect(widths.every((width, index) => index === 0 || width > (widths[index - 1] ?? 0))).toBe(true);
  expect(rows[0]?.expected).toBeGreaterThan(100_000);
  expect(ran.outputs.map(({ name }) => name)).toContain('trend.png');
});

test('the valuation is the same for the same seed, and falls with a higher cost of capital', async () => {
  const median = async (parameters: Record<string, unknown>) => {
    const rows = await rowsOf(await run('valuation.py', [], parameters), 'percentiles.csv');
    return Number(rows.find(({ percentile }) => percentile === 50)?.equity_value_eur_million);
  };
  const [first, again, dearer] = [
    await median({ draws: 5000 }),
    await median({ draws: 5000, net_debt: 95 }),
    await median({ draws: 5000, wacc: 0.11 }),
  ];
  expect(again).toBe(first);
  expect(dearer).toBeLessThan(first);
});

test('the receipts of a government read amounts that are text', async () => {
  const rows = await rowsOf(
    await run('receipts.py', ['budget'], { first: 1990, last: 2010, sources: 2 }),
    'growth.csv',
  );
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row.billion_2010).toBeGreaterThan(0);
});
