import { afterEach, expect, test, vi } from 'vitest';
import { Failure } from '../../../cli/terminal/failure.ts';
import {
  formatTable,
  printBug,
  printFailure,
  printNote,
  printProgress,
} from '../../../cli/terminal/print.ts';

const SECRET = 'hunter2-of-the-owner';
const URL_WITH_SECRET = `postgres://causeway_owner:${SECRET}@db.example.com/causeway`;
const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
afterEach(() => written.mockClear());
const said = () => written.mock.calls.map(([text]) => String(text)).join('');

test.each<[string, () => void]>([
  ['a remark', () => printNote(`cannot reach ${URL_WITH_SECRET}`)],
  ['progress', () => printProgress(`reaching ${URL_WITH_SECRET}\n`)],
  [
    'a failure, whichever part of it',
    () =>
      printFailure(
        new Failure({
          what: URL_WITH_SECRET,
          why: URL_WITH_SECRET,
          remedy: URL_WITH_SECRET,
          evidence: [URL_WITH_SECRET],
        }),
      ),
  ],
  [
    'a bug, with its cause',
    () => printBug(new Error('lost', { cause: { connectionString: URL_WITH_SECRET } })),
  ],
])('%s that quotes an address shows where, and not the password in it', (_what, print) => {
  print();
  expect(said()).toContain('db.example.com');
  expect(said()).not.toContain(SECRET);
});

test.each([
  ['a terminal', true, ['\r  1 of 2', '\r  2 of 2\n']],
  ['a file', undefined, ['  2 of 2\n']],
])('progress goes over itself, and its last line alone into a file: %s', (_where, isTTY, lines) => {
  const before = process.stderr.isTTY;
  Object.assign(process.stderr, { isTTY });
  try {
    printProgress('1 of 2');
    printProgress('2 of 2\n');
  } finally {
    Object.assign(process.stderr, { isTTY: before });
  }
  expect(written.mock.calls.map(([text]) => text)).toEqual(lines);
});

test('a table without a row says so, and one with rows has as many', () => {
  expect(formatTable(['executor', 'runs'], [])).toBe('executor  runs\n(none)');
  expect(formatTable(['executor', 'runs'], [['exe_1', 12]])).toBe('executor  runs\nexe_1       12');
});
