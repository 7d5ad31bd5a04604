import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { formatApiToken, parseApiToken } from '../../../protocol/api-token.ts';
import { newId } from '../../../protocol/ids.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** As a secret scanner computes it: CRC-32 of another implementation, in base62 with zeros in front. */
function checksumOf(text: string): string {
  let digits = '';
  for (let left = BigInt(crc32(text)); left > 0n; left /= 62n) digits = DIGITS[Number(left % 62n)] + digits;
  return digits.padStart(6, '0');
}

test('a token ends with the checksum that others compute of it', () => {
  for (let drawn = 0; drawn < 200; drawn++) {
    const token = { tenant: newId('tenant'), token: newId('token'), secret: `${drawn}`.padStart(43, 'a') };
    const text = formatApiToken(token);
    expect(text.slice(-6)).toBe(checksumOf(text.slice(0, -6)));
    expect(parseApiToken(text)).toEqual(token);
  }
});
