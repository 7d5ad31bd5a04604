import { describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../worker/tenants/cursor.ts';

describe('a forged cursor', () => {
  test.each([
    ['with a NUL character', ['a\0b', 'x']],
    ['with half of a surrogate pair', ['\ud800', 'x']],
    ['with a part too few', ['a']],
    ['with a part too many', ['a', 'b', 'c']],
    ['with a number for a text', ['a', 1]],
    ['that is no list', { 0: 'a', 1: 'b', length: 2 }],
  ])('%s is refused', (_what, key) => {
    const forged = Buffer.from(JSON.stringify(key)).toString('base64url');
    expect(() => decodeCursor(forged, ['', ''] as const)).toThrow('not one that a list returned');
  });

  test.each([1.5, 1e300, 2 ** 31, -(2 ** 31), '7', null])('with the number %s is refused', (part) => {
    const forged = Buffer.from(JSON.stringify([part])).toString('base64url');
    expect(() => decodeCursor(forged, [0])).toThrow('not one that a list returned');
  });
});

test('what a list returned is read back', () => {
  expect(decodeCursor(encodeCursor(['naïve 🐚', 'prj_1']), ['', ''] as const)).toEqual(['naïve 🐚', 'prj_1']);
  expect(decodeCursor(encodeCursor([2 ** 31 - 1]), [0])).toEqual([2 ** 31 - 1]);
});

test('a refusal says how to go on', () => {
  expect(() => decodeCursor('!', [''] as const)).toThrow(
    expect.objectContaining({
      code: 'invalid_arguments',
      hint: 'Leave cursor out to start from the beginning.',
    }),
  );
});
