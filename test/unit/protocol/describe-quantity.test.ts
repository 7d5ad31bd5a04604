import { describe, expect, test } from 'vitest';
import { describeQuantity } from '../../../protocol/describe-quantity.ts';

describe('a quantity is told as a person reads it', () => {
  test.each([
    [0, 'bytes', '0 bytes'],
    [1023, 'bytes', '1023 bytes'],
    [256 * 1024, 'bytes', '256 KiB'],
    [5013, 'bytes', '4.9 KiB'],
    [48_734_210, 'bytes', '46.5 MiB'],
    [4096 * 1024 * 1024, 'bytes', '4 GiB'],
    [1500, 'ms', '1500 ms'],
    [300_000, 'ms', '300 s'],
    [3_600_000, 'ms', '1 h'],
    [86_400_000, 'ms', '1 day'],
    [604_800_000, 'ms', '7 days'],
    [60, 'per minute', '60 per minute'],
    [255, 'characters', '255 characters'],
    [256, 'count', '256'],
  ] as const)('%d %s: %s', (value, unit, told) => {
    expect(describeQuantity(value, unit)).toBe(told);
  });
});
