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

test('what was never issued is no token, also where its checksum is right', () => {
  const text = formatApiToken({ tenant: newId('tenant'), token: newId('token'), secret: 'a'.repeat(43) });
  const [tenant, token, rest] = [text.slice(4, 30), text.slice(30, 56), text.slice(56, -6)];
  const issued = (body: string) => body + checksumOf(body);
  expect(parseApiToken(issued(`btk_${tenant}${token}${rest}`))).not.toBeNull();
  for (const made of [
    issued(`btk_${'u'.repeat(26)}${token}${rest}`),
    issued(`btk_${tenant}${'u'.repeat(26)}${rest}`),
    `${text.slice(0, -6)}${text.endsWith('000000') ? '000001' : '000000'}`,
    issued(`x${text.slice(0, -6)}`),
    `${text}x`,
  ])
    expect(parseApiToken(made)).toBeNull();
});
