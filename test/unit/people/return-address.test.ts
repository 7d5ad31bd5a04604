import { describe, expect, test } from 'vitest';
import { parseReturnPath, sealReturn, unsealReturn } from '../../../worker/people/return-address.ts';
import { importSealKey, seal } from '../../../worker/seal/seal.ts';

const OURS = await importSealKey('A'.repeat(43));
const MALLORYS = await importSealKey('B'.repeat(43).replace(/.$/, 'A'));

const LONGEST = `/${'a'.repeat(4095)}`;

describe('a return address is a path of this deployment', () => {
  test.each([
    ['/account', '/account'],
    [
      '/oauth/authorize?client_id=x&redirect_uri=https%3A%2F%2Fa.example%2Fcb',
      '/oauth/authorize?client_id=x&redirect_uri=https%3A%2F%2Fa.example%2Fcb',
    ],
    ['/a/../account', '/account'],
    ['/?next=//evil.example', '/?next=//evil.example'],
    [LONGEST, LONGEST],
  ])('%s is one', (path, parsed) => {
    expect(parseReturnPath(path)).toBe(parsed);
  });

  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\u2028/evil.example',
    '/..//evil.example',
    '/./\\evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    'account',
    '',
    ' /account',
    '/account#fragment',
    '/пример',
    `${LONGEST}a`,
    `${LONGEST.slice(0, -1)}<`,
  ])('%j is none', (path) => {
    expect(parseReturnPath(path)).toBeNull();
  });
});

describe('only what this deployment sealed is followed', () => {
  test('and comes back as it was', async () => {
    expect(await unsealReturn(OURS, await sealReturn(OURS, '/oauth/authorize?a=b'))).toBe(
      '/oauth/authorize?a=b',
    );
  });

  test('for an hour', async () => {
    const [content = ''] = (await sealReturn(OURS, '/device')).split('.');
    const { e } = JSON.parse(Buffer.from(content, 'base64url').toString()) as { e: number };
    expect(Math.abs(e - Date.now() / 1000 - 3600)).toBeLessThan(60);
  });

  test.each([
    ['nothing', async () => null],
    ['a bare address', async () => 'https://evil.example/'],
    ['a bare path', async () => '/oauth/authorize'],
    ['one that Mallory sealed with a key of hers', () => sealReturn(MALLORYS, '/device')],
    ['one sealed for another purpose', () => seal(OURS, 'cursor', { path: '/device' }, 60_000)],
    ['one that expired', () => seal(OURS, 'return', { path: '/device' }, 60_000, Date.now() - 120_000)],
    ['a sealed address of another site', () => seal(OURS, 'return', { path: '//evil.example' }, 60_000)],
  ])('%s leads to the account', async (_what, make) => {
    expect(await unsealReturn(OURS, await make())).toBe('/account');
  });

  test('sealing an address of another site is a bug and throws', async () => {
    await expect(sealReturn(OURS, '//evil.example')).rejects.toThrow('a path of this deployment');
  });
});
