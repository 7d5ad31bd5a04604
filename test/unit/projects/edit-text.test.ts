import { expect, test } from 'vitest';
import { editText } from '../../../worker/projects/edit-text.ts';
import { windowOf } from '../../../worker/projects/line-window.ts';

test('an edit replaces all occurrences, and takes $ and \\ in the new text as they are', () => {
  const edit = { path: 'x.py', oldText: 'a', newText: '$& \\1', expectedCount: 2 };
  expect(editText('a b a', edit)).toBe('$& \\1 b $& \\1');
});

test.each([
  ['not there', 'zzz', 1, 'is not in `x.py`'],
  ['there more often than expected', 'a', 1, 'is 2 times in `x.py`, not 1'],
  ['there less often than expected', 'b', 3, 'is 1 times in `x.py`, not 3'],
])('text that is %s is refused with the count', (_what, oldText, expectedCount, message) => {
  const edit = { path: 'x.py', oldText, newText: '', expectedCount };
  expect(() => editText('a b a', edit)).toThrow(message);
});

test('a window of lines says where it stands and whether more follows', () => {
  const text = '1\n2\n3\n4\n';
  expect(windowOf(text, 1, 100)).toEqual({
    content: text,
    first_line: 1,
    last_line: 4,
    total_lines: 4,
    truncated: false,
  });
  expect(windowOf(text, 2, 2)).toEqual({
    content: '2\n3\n',
    first_line: 2,
    last_line: 3,
    total_lines: 4,
    truncated: true,
  });
  expect(windowOf(text, 9, 2)).toMatchObject({ content: '', last_line: 4, truncated: false });
  expect(windowOf('', 1, 10)).toMatchObject({ content: '', total_lines: 0, truncated: false });
});

test('one line longer than an answer is cut and says so', () => {
  const window = windowOf('x'.repeat(200_000), 1, 10);
  expect(window.content.length).toBe(65_536);
  expect(window.truncated).toBe(true);
});
