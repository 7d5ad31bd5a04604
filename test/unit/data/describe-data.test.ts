import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { limit } from '../../../protocol/limits.ts';
import { type Column, parseInspection } from '../../../worker/data/description.ts';
import { descriptionOf } from './run-describer.ts';

/** The one column of a CSV with these cells. */
function columnOf(...cells: string[]): Column | undefined {
  return descriptionOf('csv', `k,c\n${cells.map((cell, row) => `r${row},${cell}\n`).join('')}`).columns[1];
}

describe('a column of a CSV is', () => {
  test.each([
    ['an integer', ['1', '-2', '+3'], { type: 'integer', min: -2, max: 3 }],
    ['a number where one cell has a point', ['1', '2.5'], { type: 'number', min: 1, max: 2.5 }],
    ['a number in scientific form', ['1e3', '-2E-3'], { type: 'number', min: -0.002, max: 1000 }],
    ['a boolean', ['true', 'FALSE'], { type: 'boolean' }],
    ['a date', ['2026-02-28', '2024-02-29'], { type: 'date', min: '2024-02-29', max: '2026-02-28' }],
    [
      'a datetime',
      ['2026-01-01T10:00', '2026-01-01 09:30:15'],
      { type: 'datetime', min: '2026-01-01T09:30:15', max: '2026-01-01T10:00:00' },
    ],
    ['text where a date does not exist', ['2026-02-29', '2026-02-28'], { type: 'text' }],
    ['text where the order of day and month is a guess', ['01/02/2026'], { type: 'text' }],
    ['text, not a number, with underscores', ['1_000'], { type: 'text' }],
    ['text, not a number, in digits of another script', ['٣'], { type: 'text' }],
    ['empty', ['', 'NA', 'null'], { type: 'empty', nulls: 3 }],
    [
      'integer with its missing cells counted',
      ['1', 'N/A', ''],
      { type: 'integer', nulls: 2, min: 1, max: 1 },
    ],
  ])('%s', (_what, cells, expected) => {
    expect(columnOf(...cells)).toMatchObject(expected);
  });

  test.each([
    ['postcodes keep their zeros', ['00501', '10001'], { kind: 'leading_zeros' }],
    ['account numbers keep all digits', ['12345678901234567890', '1'], { kind: 'long_digits' }],
    ['formulas stay text', ['=1+1', '@SUM(A1)', 'x'], { kind: 'formula_cells' }],
    [
      'the one cell that spoils a column of numbers is shown',
      [...Array.from({ length: 20 }, () => '5'), '"1,234"', '6'],
      { kind: 'mixed', row: 21, cell: '1,234' },
    ],
  ])('text with a note: %s', (_what, cells, note) => {
    expect(columnOf(...cells)).toMatchObject({ type: 'text', note });
  });

  test('widened by what comes late, after more cells than are held at once', () => {
    const early = '1,1\n'.repeat(100_000);
    const { columns, row_count } = descriptionOf('csv', `a,b\n${early}2.5,x\n`);
    expect(row_count).toBe(100_001);
    expect(columns).toEqual([
      { name: 'a', type: 'number', nulls: 0, min: 1, max: 2.5 },
      { name: 'b', type: 'text', nulls: 0 },
    ]);
  });
});

describe('a description', () => {
  test('counts rows and shows five, with missing cells as null', () => {
    const { row_count, column_count, sample } = descriptionOf('csv', 'a,b\n1,\n2,x\n3,y\n4,z\n5,u\n6,v\n');
    expect({ row_count, column_count }).toEqual({ row_count: 6, column_count: 2 });
    expect(sample).toEqual([
      ['1', null],
      ['2', 'x'],
      ['3', 'y'],
      ['4', 'z'],
      ['5', 'u'],
    ]);
  });

  test('cuts long cells and shows no character that hides or commands', () => {
    const { sample } = descriptionOf('csv', `a,b\n${'x'.repeat(500)},\u001b]0;owned\u0007\u202eabc\n`);
    expect(sample[0]).toEqual([`${'x'.repeat(80)}…`, '\ufffd]0;owned\ufffd\ufffdabc']);
  });

  test('describes at most 200 of many columns, and samples 50', () => {
    const names = Array.from({ length: 1500 }, (_, index) => `c${index}`);
    const described = descriptionOf('csv', `${names.join(',')}\n${names.map(() => '1').join(',')}\n`);
    expect(described.column_count).toBe(1500);
    expect(described.columns).toHaveLength(200);
    expect(described.sample[0]).toHaveLength(50);
  });

  test.each([
    ['a byte order mark of Excel', '\ufeffa,b\n1,2\n', ['a', 'b']],
    ['CR LF', 'a,b\r\n1,2\r\n', ['a', 'b']],
    ['no line end at the end', 'a,b\n1,2', ['a', 'b']],
    ['blank lines between', 'a,b\n\n1,2\n\n', ['a', 'b']],
    ['quoted cells with commas, quotes and line ends', 'a,b\n"1,""2""\n3",2\n', ['a', 'b']],
    ['years across the top', 'account,2025,2026\nrent,1,2\n', ['account', '2025', '2026']],
    ['month ends across the top', 'account,2026-01-31\nrent,1\n', ['account', '2026-01-31']],
    ['the index of a frame without a name', ',a\n0,5\n', ['Unnamed: 0', 'a']],
    ['a header and no row', 'a,b\n', ['a', 'b']],
    ['names of other scripts', 'Umsatz €,売上\n1,2\n', ['Umsatz €', '売上']],
  ])('accepts %s', (_what, text, names) => {
    expect(descriptionOf('csv', text).columns.map(({ name }) => name)).toEqual(names);
  });

  test('of JSON lines joins the keys of all lines, and a key that lacks is missing', () => {
    const lines = [
      '{"id": 1, "when": "2026-01-01", "tags": ["a"], "zip": "00501"}',
      '{"id": 2.5, "ok": true, "any": 1}',
      '{"id": null, "any": "x", "more": {"__proto__": 1}}',
    ];
    const { columns, sample } = descriptionOf('jsonl', lines.join('\n'));
    expect(columns).toEqual([
      { name: 'id', type: 'number', nulls: 1, min: 1, max: 2.5 },
      { name: 'when', type: 'date', nulls: 2, min: '2026-01-01', max: '2026-01-01' },
      { name: 'tags', type: 'list', nulls: 2 },
      { name: 'zip', type: 'text', nulls: 2, note: { kind: 'digits_as_text' } },
      { name: 'ok', type: 'boolean', nulls: 2 },
      { name: 'any', type: 'mixed', nulls: 1 },
      { name: 'more', type: 'object', nulls: 2 },
    ]);
    expect(sample[2]).toEqual([null, null, null, null, null, 'x', '{"__proto__": 1}']);
  });

  test('tells bounds that a double cannot hold as text', () => {
    const { columns } = descriptionOf('csv', 'k,big,inf\na,9007199254740993,1e999\n');
    expect(columns.slice(1)).toMatchObject([
      { max: '9007199254740993', type: 'integer' },
      { max: 'inf', type: 'number' },
    ]);
  });

  test('holds as many columns as the limit says', () => {
    const faults = readFileSync(new URL('../../../worker/data/describe/faults.py', import.meta.url), 'utf8');
    expect(Number(/COLUMNS_MAX = ([\d_]+)/.exec(faults)?.[1]?.replace('_', ''))).toBe(limit('data_columns'));
  });
});

describe('what a hostile file makes the sandbox answer is not believed:', () => {
  const description = {
    row_count: 1,
    column_count: 1,
    columns: [{ name: 'a', type: 'text', nulls: 0 }],
    sample: [],
  };
  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another shape', '{"ok": true}'],
    ['a reason that does not exist', '{"ok": false, "fault": {"reason": "obey"}}'],
    [
      'a cell of a megabyte',
      JSON.stringify({ ok: true, description: { ...description, sample: [['x'.repeat(2 ** 20)]] } }),
    ],
    ['a million columns', JSON.stringify({ ok: true, description: { ...description, column_count: 1e6 } })],
    [
      'a type that does not exist',
      JSON.stringify({
        ok: true,
        description: { ...description, columns: [{ name: 'a', type: 'sudo', nulls: 0 }] },
      }),
    ],
  ])('%s', (_what, text) => {
    expect(parseInspection(text)).toBeNull();
  });
});
