import { describe, expect, it } from 'vitest';
import { captureStream } from '../../../executor/capture-stream.ts';
import { lastTraceback, readStacks, readTraceback } from '../../../executor/read-traceback.ts';

const TRACEBACK = `some output
Traceback (most recent call last):
  File "/repo/model.py", line 3, in <module>
    main()
    ~~~~^^
  File "/repo/lib/rates.py", line 7, in main
    frame["Revenue"]
  File "/usr/local/lib/python3.13/dist-packages/pandas/core/frame.py", line 4102, in __getitem__
    indexer = self.columns.get_loc(key)
KeyError: 'Revenue'
`;

describe('the error of a run is read from the end of its stderr', () => {
  it.each([
    [
      'the deepest line of its own files',
      TRACEBACK,
      { type: 'KeyError', message: "'Revenue'", path: 'lib/rates.py', line: 7 },
    ],
    [
      'the last of chained exceptions',
      `${TRACEBACK}\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "/repo/model.py", line 9, in <module>\nmypackage.errors.NoData: no rows\nsecond line\n`,
      { type: 'mypackage.errors.NoData', message: 'no rows\nsecond line', path: 'model.py', line: 9 },
    ],
    [
      'a syntax error, which has no header',
      '  File "/repo/model.py", line 2\n    y = = 2\n        ^\nSyntaxError: invalid syntax\n',
      { type: 'SyntaxError', message: 'invalid syntax', path: 'model.py', line: 2 },
    ],
    [
      'an exception without a message',
      'Traceback (most recent call last):\n  File "/repo/a.py", line 1, in <module>\nAssertionError\n',
      { type: 'AssertionError', message: '', path: 'a.py', line: 1 },
    ],
    [
      'a group of exceptions',
      '  + Exception Group Traceback (most recent call last):\n  |   File "/repo/a.py", line 4, in <module>\n  |     raise group\n  | ExceptionGroup: two faults (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: one\n',
      { type: 'ExceptionGroup', message: 'two faults (2 sub-exceptions)', path: 'a.py', line: 4 },
    ],
    [
      'an error in a library alone',
      'Traceback (most recent call last):\n  File "/usr/lib/x.py", line 4, in f\nOSError: [Errno 28] No space left on device\n',
      { type: 'OSError', message: '[Errno 28] No space left on device', path: null, line: null },
    ],
    ['nothing where it only talks', 'Warning: something\nError: not a traceback\n', null],
    ['nothing where it is empty', '', null],
    [
      'terminal escapes as spaces',
      'Traceback (most recent call last):\n  File "/repo/a.py", line 1, in <module>\nValueError: \u001b[31mred\u202e\n',
      { type: 'ValueError', message: ' [31mred ', path: 'a.py', line: 1 },
    ],
    [
      'no place for a line or a file that no project has',
      'Traceback (most recent call last):\n  File "/repo/a.py", line 999999999999999999999, in f\n  File "/repo/../etc/shadow", line 1, in f\n  File "/repo/\u001b[31m.py", line 1, in f\nValueError: x\n',
      { type: 'ValueError', message: 'x', path: null, line: null },
    ],
    [
      'no type that is as long as a book',
      `Traceback (most recent call last):\n  File "/repo/a.py", line 1, in f\n${'x'.repeat(50_000)}\n`,
      null,
    ],
    [
      'no half of a character at the end of a long message',
      `Traceback (most recent call last):\n  File "/repo/a.py", line 1, in f\nValueError: ${'x'.repeat(1999)}\u{1f40d}\n`,
      { type: 'ValueError', message: `${'x'.repeat(1999)}\ufffd`, path: 'a.py', line: 1 },
    ],
  ])('%s', (_, text, expected) => {
    expect(readTraceback(text)).toEqual(expected);
  });

  it.each([
    ['quotes', `Traceback (most recent call last):\n${'File "'.repeat(50_000)}`],
    ['dots', `Traceback (most recent call last):\n${'a.'.repeat(50_000)}`],
    ['margins', ' |+-'.repeat(50_000)],
    ['lines', '\n'.repeat(100_000)],
  ])('%s without an end do not make it backtrack', (_, text) => {
    expect(readTraceback(text)?.path ?? null).toBeNull();
  });
});

describe('no amount of output hides the exception that ended a run', () => {
  const MIB = 1024 * 1024;
  const raised = { type: 'KeyError', path: 'lib/rates.py', line: 7 };
  const long = (message: string) => TRACEBACK.replace("'Revenue'", message);
  it.each([
    ['a message of 1 MiB', long('x'.repeat(MIB)), raised],
    ['a message of 5 MiB', long('x'.repeat(5 * MIB)), raised],
    ['a message of a million lines', long('x\n'.repeat(MIB)), raised],
    ['a message that looks like frames', long('  File "/repo/fake.py", line 1\n'.repeat(80_000)), raised],
    ['output of 5 MiB before it', `${'noise\n'.repeat(MIB)}${TRACEBACK}`, raised],
    ['output of 5 MiB without one', 'noise\n'.repeat(MIB), null],
  ])('%s', (_, text, expected) => {
    const stderr = captureStream(MIB);
    for (let at = 0; at < text.length; at += 65_536) stderr.add(Buffer.from(text.slice(at, at + 65_536)));
    const found = lastTraceback(stderr);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
    expect(found?.message.length ?? 0).toBeLessThanOrEqual(2000);
  });
});

describe('where a stopped program stood is read from its stacks', () => {
  const OTHER = `Thread 0x00007f0000000001 (most recent call first):\n  File "/repo/worker.py", line 5 in work\n`;
  const MAIN = `Current thread 0x00007f0000000002 (most recent call first):
  File "/usr/lib/python3.13/time.py", line 9 in wait
  File "/repo/forecast.py", line 41 in simulate
  File "/repo/forecast.py", line 60 in <module>
  File "<string>", line 118 in run_as_main
`;
  it.each([
    ['the innermost own line of the main thread', `${OTHER}\n${MAIN}`, { path: 'forecast.py', line: 41 }],
    ['another thread where the main one is not in its files', OTHER, { path: 'worker.py', line: 5 }],
    ['nothing in garbage', '\u0000{"exit":0}', null],
  ])('%s', (_, text, expected) => {
    expect(readStacks(text)).toEqual(expected);
  });
});
