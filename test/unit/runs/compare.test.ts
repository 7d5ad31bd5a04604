import { describe, expect, test } from 'vitest';
import { compareJson } from '../../../worker/runs/compare/compare-json.ts';
import { compareByName } from '../../../worker/runs/compare/compare-manifests.ts';
import { compareTables } from '../../../worker/runs/compare/compare-tables.ts';
import { readCsv } from '../../../worker/runs/output/read-csv.ts';

describe('parameters that differ', () => {
  test.each<[string, unknown, unknown, string[]]>([
    ['equal values', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['a changed number deep inside', { a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, ['a[1].b']],
    ['a key on one side only', { a: 1 }, { b: 1 }, ['a', 'b']],
    ['a longer list', { a: [1] }, { a: [1, 2] }, ['a[1]']],
    ['a list and an object', { a: [] }, { a: {} }, ['a']],
    ['null and absent', { a: null }, {}, ['a']],
    ['text and number', { a: '1' }, { a: 1 }, ['a']],
  ])('%s', (_what, a, b, places) => {
    expect(compareJson(a, b).map(({ at }) => at)).toEqual(places);
  });
});

test('files are compared by their bytes, not by where they were committed', () => {
  const a = new Map([
    ['same.py', '1'],
    ['changed.py', '1'],
    ['gone.py', '1'],
  ]);
  const b = new Map([
    ['same.py', '1'],
    ['changed.py', '2'],
    ['new.py', '1'],
  ]);
  expect(compareByName(a, b)).toEqual([
    { name: 'changed.py', change: 'changed' },
    { name: 'gone.py', change: 'only_a' },
    { name: 'new.py', change: 'only_b' },
  ]);
});

describe('numeric differences of CSV outputs', () => {
  const compare = (a: string, b: string) => compareTables(readCsv(a, ','), readCsv(b, ','), 20);

  test('a numeric column that differs is summed, with its largest difference by row', () => {
    const { columns } = compare('month,revenue\n1,100\n2,110.5\n', 'month,revenue\n1,100\n2,120.5\n');
    expect(columns).toEqual([{ column: 'revenue', sum_a: 210.5, sum_b: 220.5, largest_difference: 10 }]);
  });

  test('rows that have no partner have no difference by row', () => {
    const { rows_a, rows_b, columns } = compare('x\n1\n', 'x\n1\n2\n');
    expect([rows_a, rows_b]).toEqual([1, 2]);
    expect(columns).toEqual([{ column: 'x', sum_a: 1, sum_b: 3, largest_difference: null }]);
  });

  test('text, blanks and numbers that no double holds are not summed', () => {
    expect(compare('a,b,c\nx,,1e999\n', 'a,b,c\ny,,1\n').columns).toEqual([]);
    expect(compare('a\n1e308\n1e308\n', 'a\n1\n1\n').columns).toEqual([]);
  });

  test('columns of one side are named', () => {
    const { columns_only_a, columns_only_b } = compare('a,b\n1,2\n', 'b,c\n2,3\n');
    expect([columns_only_a, columns_only_b]).toEqual([['a'], ['c']]);
  });
});
