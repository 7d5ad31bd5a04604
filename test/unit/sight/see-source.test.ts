import { describe, expect, test } from 'vitest';
import type { DescribedSource, ListedSource } from '../../../worker/database/data.ts';
import type { Sight } from '../../../worker/sight/agent-sees.ts';
import { magnitude } from '../../../worker/sight/magnitude.ts';
import {
  type Imported,
  openSource,
  seeDescribed,
  seeImported,
  seeListed,
} from '../../../worker/sight/see-source.ts';
import { unseen } from '../../../worker/sight/unseen.ts';

const CANARY = 'zq7318450';
const source = (sight: Sight): DescribedSource => ({
  ...{ project: 'prj_x', source: 'dat_x', name: 'pay', sha256: 'e'.repeat(64), format: 'csv', bytes: 4545 },
  ...{ row_count: 45, imported_at: '2026-11-22T10:00:00Z', snapshots: 1, agent_sees: 'schema_only', sight },
  origin: { kind: 'text', sha256: 'e'.repeat(64), bytes: 4545 },
  description: {
    ...{ describer: '1', row_count: 45, column_count: 2 },
    columns: [
      { name: 'employee', type: 'text', nulls: 45, min: CANARY, max: CANARY },
      { name: 'hired', type: 'date', nulls: 45, note: { kind: 'mixed', row: 45, cell: CANARY } },
    ],
    sample: [[CANARY, null]],
  },
});

const imported = (sight: Sight, is_new: boolean): Imported => ({
  ...source(sight),
  ...{ new_snapshot: is_new, replaces: is_new ? 'f'.repeat(64) : null, replayed: false },
});

describe('a source', () => {
  test('of which the schema is seen has names and types of columns, how to load it, and about how large it is', () => {
    const seen = seeDescribed(unseen(source('schema')));
    expect(seen).toMatchObject({
      ...{
        sha256: null,
        bytes: null,
        row_count: null,
        column_count: 2,
        sample: [],
        ...{ origin: null, imported_at: null, snapshots: null },
      },
      columns: [
        { name: 'employee', type: 'text' },
        { name: 'hired', type: 'date' },
      ],
      about: { rows: '10 to 99', columns: '1 to 9' },
      load: 'df = causeway.data("pay", parse_dates=["hired"])',
    });
    expect(seen.columns).toEqual([
      { name: 'employee', type: 'text' },
      { name: 'hired', type: 'date' },
    ]);
    for (const hidden of [CANARY, 'eeee', '4545', 'nulls'])
      expect(JSON.stringify(seen)).not.toContain(hidden);
  });

  test('that a withheld run left has no column, not even by name', () => {
    const seen = seeDescribed(unseen(source('shape')));
    expect(seen).toMatchObject({ columns: [], column_count: null, load: 'df = causeway.data("pay")' });
    for (const hidden of [CANARY, 'eeee', '4545', 'employee', 'hired'])
      expect(JSON.stringify(seen)).not.toContain(hidden);
  });

  test('that is seen whole has everything', () => {
    const seen = JSON.stringify(seeDescribed(unseen(source('all'))));
    for (const shown of [CANARY, 'eeee', '4545', 'employee']) expect(seen).toContain(shown);
  });

  test.each<Sight>(['schema', 'shape'])(
    'of which the %s is seen is imported without a word of what was there',
    (sight) => {
      const [known, fresh] = [false, true].map((is_new) => seeImported(unseen(imported(sight, is_new))));
      expect(known).toEqual(fresh);
    },
  );

  test.each<Sight>(['schema', 'shape'])(
    'of which the %s is seen stands in a list without size, rows and digest',
    (sight) => {
      const { description, ...row } = source(sight);
      const listed = unseen<ListedSource>({ ...row, column_count: description.column_count });
      expect(seeListed(listed)).toMatchObject({
        ...{ sha256: null, bytes: null, row_count: null, column_count: sight === 'schema' ? 2 : null },
        imported_at: null,
      });
    },
  );

  test.each<Sight>(['schema', 'shape'])('of which the %s is seen is opened for nobody', (sight) => {
    expect(() => openSource(unseen(source(sight)))).toThrow(expect.objectContaining({ code: 'withheld' }));
    expect(openSource(unseen(source('all'))).bytes).toBe(4545);
  });
});

test.each([
  [0, '0'],
  [1, '1 to 9'],
  [9, '1 to 9'],
  [10, '10 to 99'],
  [999_999, '100000 to 999999'],
  [1_000_000, '1000000 or more'],
  [73_184_500, '1000000 or more'],
])('a count of %i is told as %s', (count, told) => {
  expect(magnitude(count)).toBe(told);
});
