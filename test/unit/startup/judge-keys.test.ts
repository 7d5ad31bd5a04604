import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { judgeKeys } from '../../../protocol/judge-keys.ts';

const GOOD = 'Yx0m7v2qJt3nR5sWbK9dQeLhGzPcVfUaTiMoNy4E6w8';
const of = (...bytes: readonly number[]) => Buffer.from(bytes).toString('base64url');

test.each<[string, string, string]>([
  ['none', '', '32 bytes'],
  ['a password', 'correct horse battery staple', '32 bytes'],
  ['with padding', `${GOOD}=`, '32 bytes'],
  ['one letter', 'k'.repeat(43), 'guessed'],
  ['zeros', of(...new Uint8Array(32)), 'guessed'],
  [
    'a few bytes again and again',
    of(...Array.from({ length: 32 }, (_, index) => [7, 19, 200, 4][index % 4] ?? 0)),
    'guessed',
  ],
  ['bytes in a row', of(...Array.from({ length: 32 }, (_, index) => index)), 'sequence'],
  ['bytes in a row, backwards', of(...Array.from({ length: 32 }, (_, index) => 200 - index)), 'sequence'],
  [
    'a passphrase of 32 letters',
    Buffer.from('my-super-secret-signing-key-2026').toString('base64url'),
    'typed',
  ],
])('a key that is %s is refused, with the remedy and without a part of it', (_what, key, says) => {
  const [finding, ...more] = judgeKeys({ SEAL_KEY: key });
  expect(more).toEqual([]);
  expect(finding).toMatch(new RegExp(`^SEAL_KEY .*${says}.*: draw another: openssl rand 32`));
  if (key.length > 8) expect(finding).not.toContain(key.slice(0, 8));
});

test('one key for two purposes is refused', () => {
  expect(judgeKeys({ CONTEXT_KEY: GOOD, SEAL_KEY: GOOD })).toEqual([
    expect.stringMatching(/^SEAL_KEY is the same as CONTEXT_KEY/),
  ]);
});

test('keys that are drawn are never refused', () => {
  for (let drawn = 0; drawn < 2_000; drawn++)
    expect(judgeKeys({ KEY: randomBytes(32).toString('base64url') })).toEqual([]);
});
