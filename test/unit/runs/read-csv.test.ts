import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CELL_CHARS_MAX, tablePage } from '../../../worker/runs/output/page.ts';
import { readCsv } from '../../../worker/runs/output/read-csv.ts';

describe('delimited text', () => {
  test.each<[string, string, string[][]]>([
    [
      'plain rows',
      'a,b\n1,2\n3,4\n',
      [
        ['a', 'b'],
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['no line break at the end', 'a\n1', [['a'], ['1']]],
    [
      'CRLF',
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['a byte order mark', '\ufeffa\n1\n', [['a'], ['1']]],
    ['a comma, a break and a doubled quote in quotes', 'a\n"x, ""y""\nz"\n', [['a'], ['x, "y"\nz']]],
    [
      'empty fields',
      'a,b,c\n,,\n',
      [
        ['a', 'b', 'c'],
        ['', '', ''],
      ],
    ],
    [
      'an empty last field without a break',
      'a,b\n1,',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    ['an empty line is a row with one empty field', 'a\n\n1\n', [['a'], [''], ['1']]],
    ['a quote that is never closed', 'a\n"x,1\n2', [['a'], ['x,1\n2']]],
    ['a quote inside a field', 'a\n5" pipe\n', [['a'], ['5" pipe']]],
    ['text after a closing quote', 'a\n"x"y,1\n', [['a'], ['xy', '1']]],
    ['nothing', '', []],
  ])('%s', (_what, text, expected) => {
    const { columns, rows } = readCsv(text, ',');
    expect(expected.length === 0 ? [columns, ...rows] : [columns, ...rows]).toEqual(
      expected.length === 0 ? [[]] : expected,
    );
  });

  test('tabs delimit where they are said to, also after a quote', () => {
    expect(readCsv('a\tb\n"1"\t2,3\n', '\t')).toEqual({ columns: ['a', 'b'], rows: [['1', '2,3']] });
    expect(readCsv('a,b\n"1"\tx,2\n', ',').rows).toEqual([['1\tx', '2']]);
  });

  test('whatever was written by the rules is read back', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é', '\t') });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), (rows, end) => {
        const text = rows.map((row) => row.map(quoted).join(',') + end).join('');
        const read = readCsv(text, ',');
        expect([read.columns, ...read.rows]).toEqual(rows);
      }),
    );
  });
});

describe('a page of rows', () => {
  const table = { columns: ['n'], rows: Array.from({ length: 10 }, (_, n) => [String(n)]) };

  test('starts at the offset, ends at the limit, and says how many there are', () => {
    expect(tablePage(table, 8, 5)).toEqual({ columns: ['n'], rows: [['8'], ['9']], total: 10 });
    expect(tablePage(table, 99, 5).rows).toEqual([]);
  });

  test('long cells are cut, and a page ends before it is too long to read', () => {
    const long = { columns: ['t'], rows: Array.from({ length: 1000 }, () => ['x'.repeat(1000)]) };
    const { rows, total } = tablePage(long, 0, 1000);
    expect(rows[0]?.[0]).toBe(`${'x'.repeat(CELL_CHARS_MAX)}…`);
    expect(rows.length).toBeLessThan(300);
    expect(total).toBe(1000);
  });
});
