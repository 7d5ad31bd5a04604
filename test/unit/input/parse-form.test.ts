import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDecodable, parseForm } from '../../../worker/input/parse-form.ts';

test.each([
  ['a byte that is no UTF-8', new Uint8Array([0x61, 0x3d, 0xff])],
  ['an overlong slash', new Uint8Array([0x61, 0x3d, 0xc0, 0xaf])],
  ['percent-encoded, a byte that is no UTF-8', 'a=%ff'],
  ['percent-encoded, an overlong slash', 'a=%c0%af'],
  ['percent-encoded, half of a surrogate pair', 'a=%ed%a0%80'],
  ['a NUL', 'a=%00'],
  ['% without digits', 'a=100%'],
  ['% with other letters', 'a=%zz'],
])('a form with %s is none', (_what, form) => {
  expect(parseForm(form)).toBeNull();
});

test('all other text comes out as it was sent', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const sent = new URLSearchParams({ value });
      expect(parseForm(`${sent}`)?.get('value') ?? null).toBe(value.includes('\0') ? null : value);
    }),
    { seed: 20261122 },
  );
});

test('an address that is Unicode text is decodable', () => {
  expect(['/', '/a%20b', '/%C3%A9?q=%2525', '/a+b'].map(isDecodable)).toEqual([true, true, true, true]);
});

test('% without digits is not decodable', () => {
  expect(isDecodable('%')).toBe(false);
});

test('bytes are read as text is, a byte order mark as the character that it is', () => {
  const encoder = new TextEncoder();
  expect(parseForm(encoder.encode('a=%41&b=\u00e4'))?.toString()).toBe('a=A&b=%C3%A4');
  expect(parseForm(encoder.encode('\ufeffa=1'))?.get('\ufeffa')).toBe('1');
});
