import { describe, expect, test } from 'vitest';
import { judgeGuarantee, testFilesOf } from '../../../cli/guarantees/judge-guarantee.ts';
import { readGuarantees } from '../../../cli/guarantees/read-guarantees.ts';
import type { TestResult } from '../../../cli/testing/read-report.ts';

const PAGE = [
  '| id | promise | proven by |',
  '|---|---|---|',
  '| G1 | It holds. | `test/a.test.ts` "Mallory\'s attempt", `test/b.test.ts` |',
  '| G3 | Each is refused. | `test/c.test.ts` "a door refuses %s, and says %s", `test/c.test.ts` "%s leaves nothing" |',
  '| G2 | No way out. | `test/attacks/network/expected.ts`, `test/attacks.test.ts` "the host" |',
].join('\n');
const [first, third, second] = readGuarantees(PAGE) as [never, never, never];

const ran = (file: string, name: string, state: TestResult['state'] = 'passed'): TestResult => ({
  file,
  name,
  state,
  durationMs: 1,
});
const ATTEMPT = ran('test/a.test.ts', 'a door: Mallory’s attempt ends before it');
const WHOLE_FILE = ran('test/b.test.ts', 'whatever its name');
const OTHER = ran('test/a.test.ts', 'something else', 'failed');
const SOCKET = ran('test/attacks.test.ts', 'under gvisor network/raw_socket harms nobody');
const HOST = ran('test/attacks.test.ts', 'the host is what it was');

test('a promise holds by the tests that it names, and by no others', () => {
  expect(judgeGuarantee(first, [ATTEMPT, WHOLE_FILE, OTHER, HOST])).toMatchObject({
    id: 'G1',
    promise: 'It holds.',
    holds: true,
    tests: [ATTEMPT, WHOLE_FILE],
    missing: [],
  });
});

test('a table of cases is proven by the tests that are named after its folder', () => {
  const disk = ran('test/attacks.test.ts', 'under gvisor disk/fill harms nobody', 'failed');
  expect(judgeGuarantee(second, [SOCKET, HOST, disk])).toMatchObject({ holds: true, tests: [SOCKET, HOST] });
});

test('a title of many cases names each of them, whatever it has in the place of %s', () => {
  const cases = [
    ran('test/c.test.ts', 'a door refuses tls1, and says why'),
    ran('test/c.test.ts', 'a door refuses %s, and says %s'),
    ran('test/c.test.ts', 'a flood leaves nothing'),
  ];
  const others = [
    ran('test/c.test.ts', 'a door takes tls1_2, and says why', 'failed'),
    ran('test/c.test.ts', 'and says why a door refuses tls1', 'failed'),
  ];
  expect(judgeGuarantee(third, [...others, ...cases])).toMatchObject({ holds: true, tests: cases });
  expect(judgeGuarantee(third, cases.slice(1, 2)).missing).toEqual([
    { file: 'test/c.test.ts', title: '%s leaves nothing' },
  ]);
});

describe('a promise does not hold where', () => {
  test.each<[string, readonly TestResult[], number]>([
    ['a test failed', [{ ...ATTEMPT, state: 'failed' }, WHOLE_FILE], 0],
    ['a test was skipped', [ATTEMPT, { ...WHOLE_FILE, state: 'skipped' }], 0],
    ['no test of a title ran', [WHOLE_FILE, OTHER], 1],
    ['no test of a file ran', [ATTEMPT], 1],
    ['nothing ran', [], 2],
  ])('%s', (_why, results, missing) => {
    const verdict = judgeGuarantee(first, results);
    expect(verdict.holds).toBe(false);
    expect(verdict.missing).toHaveLength(missing);
  });

  test('no case of a table ran', () => {
    expect(judgeGuarantee(second, [HOST])).toMatchObject({
      holds: false,
      missing: [{ file: 'test/attacks/network/expected.ts', title: null }],
    });
  });
});

test('the files to run are those of tests, each once', () => {
  expect(testFilesOf([first, second, first])).toEqual([
    'test/a.test.ts',
    'test/attacks.test.ts',
    'test/b.test.ts',
  ]);
});
