import { expect, test } from 'vitest';
import { findUnlistedDecisions } from '../../../cli/gate/decision-index.ts';

const RECORD = { path: 'docs/decisions/0007-a-record.md', text: '# 0007 A record of something\n\nWhy.\n' };
const LINE = '- [0007](0007-a-record.md) A record of something';

const findingsWith = (index: string, record = RECORD) =>
  findUnlistedDecisions([record, { path: 'docs/decisions/README.md', text: index }]);

test('a record that stands in the index under its title is found', () => {
  expect(findingsWith(`# Decisions\n\n## Topic\n\n${LINE}\n`)).toEqual([]);
});

test.each([
  ['not at all', '# Decisions\n'],
  ['under another title', `${LINE} else\n`],
  ['twice', `${LINE}\n${LINE}\n`],
])('a record that the index has %s is told with its line', (_, index) => {
  expect(findingsWith(index)[0]).toBe(
    `docs/decisions/README.md needs this line once, under its topic: ${LINE}`,
  );
});

test('a line without its record is told', () => {
  const line = '- [0008](0008-gone.md) A record that is gone';
  expect(findingsWith(`${LINE}\n${line}\n`)).toEqual([
    `docs/decisions/README.md lists what is not there: ${line}`,
  ]);
});

test('a record whose first line is no number and title is told so', () => {
  const [finding] = findingsWith(`${LINE}\n`, { ...RECORD, text: '# 0007: a record\n' });
  expect(finding).toMatch(/its first line is not "# NUMBER Title"/);
});
