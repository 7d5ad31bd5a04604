import { expect, test } from 'vitest';
import { decodeBase64url, encodeBase64url } from '../../../protocol/base64url.ts';

// RFC 4648, section 10, without padding, and the two characters that are its own.
test.each([
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foobar', 'Zm9vYmFy'],
  ['\u00fb\u00ff\u00bf', '-_-_'],
])('%j is %s', (text, encoded) => {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  expect(encodeBase64url(bytes)).toBe(encoded);
  expect(decodeBase64url(encoded)).toEqual(bytes);
});

test.each([
  ['a character alone', 'A'],
  ['five of them', 'AAAAA'],
  ['padding', 'Zg=='],
  ['the other alphabet', '+/+/'],
  ['bits that are left over', 'Zh'],
  ['a line break', 'Zg\n'],
  ['something before it', ' Zg'],
])('%s is none', (_what, text) => {
  expect(decodeBase64url(text)).toBeNull();
});
