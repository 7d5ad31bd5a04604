import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Column } from '../../../worker/data/description.ts';
import { loadLines } from '../../../worker/data/load-lines.ts';

const column = (name: string, type: Column['type'], kind?: NonNullable<Column['note']>['kind']): Column => ({
  name,
  type,
  nulls: 0,
  ...(kind === undefined ? {} : { note: { kind } }),
});

describe('the line that loads a source', () => {
  test('is short where pandas guesses right', () => {
    expect(loadLines('sales', 'csv', [column('eur', 'number')])).toEqual({
      mount_path: '/data/sales/data.csv',
      load: 'df = causeway.data("sales")',
      pandas: 'df = pandas.read_csv("/data/sales/data.csv")',
    });
  });

  test('parses dates and keeps digits that are no numbers', () => {
    const columns = [column('day', 'date'), column('zip', 'text', 'leading_zeros')];
    expect(loadLines('sales', 'tsv', columns)).toEqual({
      mount_path: '/data/sales/data.tsv',
      load: 'df = causeway.data("sales", parse_dates=["day"], dtype={"zip": "str"})',
      pandas:
        'df = pandas.read_csv("/data/sales/data.tsv", sep="\\t", parse_dates=["day"], dtype={"zip": "str"})',
    });
    expect(loadLines('sales', 'jsonl', [column('zip', 'text', 'digits_as_text')]).load).toBe(
      'df = causeway.data("sales", dtype=False)',
    );
    expect(loadLines('sales', 'parquet', columns).load).toBe('df = causeway.data("sales")');
  });

  test('stays one call of Python, whatever a column is named', () => {
    const names = ['"', "'", '\\', '\n', 'é売', '"]); import os; os.system("id") #', '\u007f'];
    const { pandas } = loadLines(
      'sales',
      'csv',
      names.map((name) => column(name, 'date')),
    );
    const script =
      'import ast, sys, json; call = ast.parse(sys.stdin.read()).body[0].value; print(json.dumps(ast.literal_eval(call.keywords[0].value)))';
    const parsed = execFileSync('python3', ['-c', script], { input: pandas, encoding: 'utf8' });
    expect(JSON.parse(parsed)).toEqual(names);
  });
});
