import { expect, test } from 'vitest';
import { findUnprovenGuarantees } from '../../../cli/gate/guarantees.ts';

const FILES: Readonly<Record<string, string>> = {
  'test/a.test.ts': "test('it holds', () => {}); describe(\"Mallory's attempt\", () => {});",
};
const read = (path: string) => FILES[path] ?? null;
const page = (...rows: string[]) => ['| id | promise | proven by |', '|---|---|---|', ...rows].join('\n');

test('a promise with its test is fine, whatever the quotes of its title', () => {
  expect(
    findUnprovenGuarantees(
      page(
        '| G1 | It holds. | `test/a.test.ts` "it holds", `test/a.test.ts` "Mallory\'s attempt" |',
        '| G2 | All of a file. | `test/a.test.ts` |',
      ),
      read,
    ),
  ).toEqual([]);
});

test.each([
  ['a promise without a test', '| G1 | It holds. | believe us |', 'G1 names no test'],
  ['a file that is not there', '| G1 | It holds. | `test/b.test.ts` |', 'G1 names test/b.test.ts'],
  ['a title that is not there', '| G1 | It holds. | `test/a.test.ts` "it flies" |', 'has no test "it flies"'],
  ['a number left out', '| G2 | It holds. | `test/a.test.ts` |', 'G2 stands where G1 is expected'],
  [
    'a title that is not there, of another letter',
    '| P1 | It holds. | `test/a.test.ts` "it flies" |',
    'P1: test/a.test.ts has no test',
  ],
  ['a number of another letter left out', '| P2 | It holds. | `test/a.test.ts` |', 'P2 stands where P1'],
  ['no table at all', 'Trust us.', 'no table of guarantees'],
])('%s is found', (_what, row, finding) => {
  expect(findUnprovenGuarantees(page(row), read).join('\n')).toContain(finding);
});
