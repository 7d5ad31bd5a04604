import { expect, test } from 'vitest';
import { printTestChecklist, readTitles } from '../../../cli/docs/test-checklist.ts';

const FILE = `
test('what a single one tries', () => {
  test('inside of a test', () => {});
});
describe("Mallory's attempts", () => {
  it('is inside', () => {});
});
test.each(ENGINES)('under %s', () => {});
describe.each<[string, number]>([
  ['a case', 1],
])('a table of <cases>', () => {});
test.each([
  ['another', 2],
])(
  \`in a
   template\`,
  () => {},
);
test('it\\'s quoted', () => {});
test('what a single one tries', () => {});
const other = call('no title');
`;

test('the outermost titles are listed, each once, and as text', () => {
  expect(readTitles(FILE)).toEqual([
    'what a single one tries',
    "Mallory's attempts",
    'under %s',
    'a table of \\<cases\\>',
    'in a template',
    "it's quoted",
  ]);
});

test('a file stands under its folder, with the guarantees that it serves', () => {
  const page = printTestChecklist(
    [
      { path: 'test/unit/a.test.ts', text: "test('one', () => {});" },
      { path: 'test/unit/b.test.ts', text: "test('two', () => {});" },
    ],
    '| G1 | It holds. | `test/unit/a.test.ts` "one", `test/unit/a.test.ts` |',
  );
  expect(page).toContain('## test/unit\n\n### a (G1)\n\n- one\n\n### b\n\n- two\n');
});
