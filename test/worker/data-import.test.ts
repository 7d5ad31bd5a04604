import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { callTool, type ToolReply } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const FLIGHTS = new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url);
const PROJECT = 'Data';

let ann: Person;
let mallory: Person;
beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
  mallory = await settlePerson(stack, { name: 'Mallory' });
  for (const person of [ann, mallory]) await call(person, 'create_project', { name: PROJECT });
});

function call(who: Person, tool: string, input: Record<string, unknown>): Promise<ToolReply> {
  return callTool(stack, who.token, tool, input);
}

const importing = (name: string, format: string, more: Record<string, unknown>, who = ann) =>
  call(who, 'import_data', { project: PROJECT, name, format, ...more });

const sourcesOf = async (who: Person) =>
  (await call(who, 'list_data_sources', { project: PROJECT })).structured.data_sources as { name: string }[];

async function uploaded(name: string, format: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const { structured } = await call(ann, 'create_upload', {
    project: PROJECT,
    name,
    format,
    bytes: body.byteLength,
  });
  const response = await fetch(structured.url as string, { method: 'PUT', body });
  expect(response.status).toBe(201);
  return structured.upload as string;
}

describe('import_data', () => {
  test('describes what it took, and describe_data says the same later', async () => {
    const { structured } = await importing('sales', 'csv', {
      text: 'day,zip,eur\n2026-01-01,00501,1.5\n2026-01-02,10001,\n',
    });
    expect(structured).toMatchObject({
      name: 'sales',
      format: 'csv',
      row_count: 2,
      column_count: 3,
      columns: [
        { name: 'day', type: 'date', nulls: 0, min: '2026-01-01', max: '2026-01-02' },
        { name: 'zip', type: 'text', nulls: 0, note: { kind: 'leading_zeros' } },
        { name: 'eur', type: 'number', nulls: 1, min: 1.5, max: 1.5 },
      ],
      sample: [
        ['2026-01-01', '00501', '1.5'],
        ['2026-01-02', '10001', null],
      ],
      new_snapshot: true,
      replaces: null,
    });
    const { new_snapshot: _, replaces: __, replayed: ___, ...snapshot } = structured;
    const described = await call(ann, 'describe_data', { project: PROJECT, name: 'sales' });
    expect(described.structured).toMatchObject({ ...snapshot, origin: { kind: 'text' }, snapshots: 1 });
  });

  test('gives the line of Python that loads the data with the types that it described', async () => {
    const { structured } = await importing('sales', 'csv', {
      text: 'day,zip,eur\n2026-01-01,00501,1.5\n2026-01-02,10001,\n',
    });
    const code = `import causeway, pandas
${structured.load as string}
print(list(df.dtypes.astype(str)), df.zip[0])
${structured.pandas as string}
print(list(df.dtypes.astype(str)), df.zip[0])`;
    const ran = await call(ann, 'run_code', { project: PROJECT, code });
    const [first, second] = String(
      (ran.structured.stdout as { text?: string }).text ?? JSON.stringify(ran.structured.stdout),
    ).split('\n');
    expect(first).toMatch(/datetime64\[.*'float64'\] 00501/);
    expect(second).toBe(first);
  });

  test('takes three million rows of Parquet through an upload', async () => {
    const upload = await uploaded('flights', 'parquet', new Uint8Array(readFileSync(FLIGHTS)));
    const { structured } = await importing('flights', 'parquet', { upload });
    expect(structured).toMatchObject({
      row_count: 3_000_000,
      columns: [
        { name: 'date', type: 'datetime', min: '2001-01-01T00:01:00', max: '2001-07-01T00:00:00' },
        { name: 'delay', type: 'integer', nulls: 0, min: -1116, max: 1688 },
        { name: 'distance', type: 'integer' },
        { name: 'origin', type: 'text' },
        { name: 'destination', type: 'text' },
      ],
      load: 'df = causeway.data("flights")',
    });
  });

  test('takes an output of a run', async () => {
    const code = `import causeway, pandas
causeway.save(pandas.DataFrame({"month": [1, 2], "eur": [10.5, 20.0]}), "table.parquet")`;
    const ran = await call(ann, 'run_code', { project: PROJECT, code });
    const run = ran.structured.run as string;
    const { structured, error } = await importing('derived', 'parquet', {
      run_output: { run, name: 'table.parquet' },
    });
    expect(error).toBeNull();
    expect(structured).toMatchObject({
      row_count: 2,
      columns: [{ name: 'month' }, { name: 'eur', max: 20 }],
    });
    const missing = await importing('derived', 'parquet', { run_output: { run, name: 'other' } });
    expect(missing.error).toMatchObject({
      code: 'not_found',
      message: 'The run has no such output; it has: table.parquet.',
    });
  });

  test('makes a new snapshot under the same name, and a run that was made before keeps its own', async () => {
    await importing('moving', 'csv', { text: 'a\n1\n' });
    const code = 'import causeway\nprint(causeway.data("moving").a[0])';
    const before = await call(ann, 'run_code', { project: PROJECT, code });
    const second = await importing('moving', 'csv', { text: 'a\n2\n' });
    const after = await call(ann, 'run_code', { project: PROJECT, code });
    expect(second.structured.replaces).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(before.structured.stdout)).toContain('1');
    expect(JSON.stringify(after.structured.stdout)).toContain('2');
    const again = await call(ann, 'get_run', { run: before.structured.run });
    expect(JSON.stringify(again.structured.stdout)).toContain('1');
  });

  test('does a call with an idempotency key once', async () => {
    const more = { text: 'a\n7\n', idempotency_key: crypto.randomUUID() };
    const first = await importing('keyed', 'csv', more);
    const second = await importing('keyed', 'csv', more);
    const { replayed, ...same } = second.structured;
    expect(replayed).toBe(true);
    expect(first.structured).toMatchObject(same);
    const other = await importing('keyed', 'csv', { ...more, text: 'a\n8\n' });
    expect(other.error?.code).toBe('idempotency_conflict');
  });

  test('keeps formulas as the text that they are', async () => {
    const { structured } = await importing('formulas', 'csv', { text: 'a,b\n=cmd|calc,1\n@SUM(1),2\n' });
    expect(structured.columns).toMatchObject([{ type: 'text', note: { kind: 'formula_cells' } }, {}]);
    expect(structured.sample).toEqual([
      ['=cmd|calc', '1'],
      ['@SUM(1)', '2'],
    ]);
  });
});

describe('what is refused leaves nothing behind:', () => {
  test.each([
    ['a ragged row', 'csv', 'a,b\n1,2\n1,2,3\n', 'Line 3 has 3 cells, but the header names 2 columns.'],
    ['a wrong delimiter', 'csv', 'a;b\n1;2\n', 'Line 1 has no comma, but a semicolon between'],
    ['a direction override in a name', 'csv', '\u202eeur,b\n1,2\n', 'has characters that cannot be seen'],
    ['a JSON array', 'jsonl', '[{"a": 1}]', 'This is one JSON array'],
  ])('%s', async (_what, format, text, message) => {
    const before = await sourcesOf(ann);
    const { error } = await importing('refused', format, { text });
    expect(error).toMatchObject({ code: 'invalid_data', message: expect.stringContaining(message) });
    expect(error?.message).not.toContain('\u202e');
    expect(error?.hint).toBeTruthy();
    expect(await sourcesOf(ann)).toEqual(before);
    const described = await call(ann, 'describe_data', { project: PROJECT, name: 'refused' });
    expect(described.error?.code).toBe('not_found');
  });

  test.each([
    ['bytes that are no Parquet', 'parquet', Buffer.from('PAR1 this is not one PAR1')],
    ['Parquet that was cut', 'parquet', readFileSync(FLIGHTS).subarray(0, 100_000)],
    ['Parquet that was changed in the middle', 'parquet', spoiled(readFileSync(FLIGHTS))],
    ['Latin-1', 'csv', Buffer.from('a,b\nK\xf6ln,1\n', 'latin1')],
    ['a workbook', 'csv', Buffer.from('PK\x03\x04 and so on')],
  ])('%s, uploaded', async (_what, format, body) => {
    const upload = await uploaded('refused', format, new Uint8Array(body));
    const { error } = await importing('refused', format, { upload });
    expect(error?.code).toBe('invalid_data');
    expect((await sourcesOf(ann)).map(({ name }) => name)).not.toContain('refused');
  });

  test.each([
    ['../etc', 'expected lowercase'],
    ['Sales', 'expected lowercase'],
    ['a/b', 'expected lowercase'],
    ['', 'expected lowercase'],
    ['sales\n', 'expected lowercase'],
  ])('the name %j', async (name, message) => {
    const { error } = await importing(name, 'csv', { text: 'a\n1\n' });
    expect(error).toMatchObject({ code: 'invalid_arguments', message: expect.stringContaining(message) });
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['no origin', 'csv', {}],
    ['two origins', 'csv', { text: 'a\n1\n', upload: 'upl_01m7zz6rkfesctnxkt6xn6kxea' }],
    ['Parquet as text', 'parquet', { text: 'PAR1' }],
    ['more text than 256 KiB', 'csv', { text: `a\n${'é'.repeat(140_000)}` }],
    ['half a surrogate', 'csv', { text: 'a\n\ud800\n' }],
  ])('%s', async (_what, format, more) => {
    expect((await importing('refused', format, more)).error?.code).toBe('invalid_arguments');
  });

  test('and an event says so, with reason and digest and without a cell', async () => {
    const events = await queryAs(
      stack.superuserUrl,
      "select details from app.audit_events where tenant_id = $1 and action = 'data.import' and outcome = 'refused'",
      [ann.tenant],
    );
    const reasons = events.map(({ details }) => (details as { reason: string }).reason);
    expect(reasons).toEqual(
      expect.arrayContaining(['ragged_row', 'wrong_delimiter', 'not_parquet', 'not_utf8']),
    );
    expect(JSON.stringify(events)).not.toContain('K\xf6ln');
  });
});

describe('Mallory of another tenant', () => {
  test('sees none of the sources, by any name or id of the project', async () => {
    const mine = await call(ann, 'describe_data', { project: PROJECT, name: 'sales' });
    const project = mine.structured.project as string;
    expect(await sourcesOf(mallory)).toEqual([]);
    const absent = await call(mallory, 'describe_data', {
      project: 'prj_01m7zz6p6xes6vqba7f6np28n7',
      name: 'sales',
    });
    const foreign = await call(mallory, 'describe_data', { project, name: 'sales' });
    const strip = ({ error }: ToolReply) => ({
      code: error?.code,
      hint: error?.hint,
      details: error?.details,
    });
    expect(strip(foreign)).toEqual(strip(absent));
  });

  test('cannot import what Ann uploaded, or what her run made', async () => {
    const upload = await uploaded('mine', 'csv', new TextEncoder().encode('a\n1\n'));
    const ran = await call(ann, 'run_code', {
      project: PROJECT,
      code: 'open("/outputs/a.csv", "w").write("a\\n1\\n")',
    });
    const run = ran.structured.run as string;
    expect((await importing('x', 'csv', { upload }, mallory)).error?.code).toBe('not_found');
    expect((await importing('x', 'csv', { run_output: { run, name: 'a.csv' } }, mallory)).error?.code).toBe(
      'not_found',
    );
  });

  test('importing the very same bytes learns nothing of the first import', async () => {
    const text = 'secret\n42\n';
    await importing('payroll', 'csv', { text });
    const { structured } = await importing('payroll', 'csv', { text }, mallory);
    expect(structured).toMatchObject({ new_snapshot: true, replaces: null });
  });
});

test('a viewer may describe data and not import it', async () => {
  const viewer = await settlePerson(stack, { name: 'Vera', tenant: ann.tenant, role: 'viewer' });
  expect((await call(viewer, 'describe_data', { project: PROJECT, name: 'sales' })).error).toBeNull();
  await expect(importing('x', 'csv', { text: 'a\n1\n' }, viewer)).rejects.toThrow(/403.*insufficient_role/);
});

function spoiled(whole: Buffer): Buffer {
  const copy = Buffer.from(whole);
  copy.fill(0xff, 2_000_000, 2_100_000);
  return copy;
}
