import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStorable, storable } from '../../../worker/database/storable.ts';

test('a NUL and half a surrogate pair become U+FFFD, wherever they stand', () => {
  const hostile = { 'k\0': ['a\0b', { deep: '\ud800' }], n: 1, nothing: null };
  expect(storable(hostile)).toEqual({ 'k\ufffd': ['a\ufffdb', { deep: '\ufffd' }], n: 1, nothing: null });
  expect(isStorable(hostile)).toBe(false);
});

test('whole surrogate pairs and all other data stay as they are', () => {
  const fine = { text: '😀 naïve\n', list: [true, 0.5, null] };
  expect(storable(fine)).toEqual(fine);
  expect(isStorable(fine)).toBe(true);
});

test('what was cleaned is storable, and cleaning it again changes nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const clean = storable(value);
      expect(isStorable(clean)).toBe(true);
      expect(storable(clean)).toEqual(clean);
    }),
  );
});
