import { expect, test } from 'vitest';
import { parseNetworks } from '../../../cli/identity/network.ts';

test('networks of both families and single addresses are collected', () => {
  expect(
    parseNetworks('2001:db8::/48', parseNetworks('192.0.2.0/24', parseNetworks('198.51.100.7'))),
  ).toEqual(['198.51.100.7', '192.0.2.0/24', '2001:db8::/48']);
});

test.each([
  '',
  '10/8',
  '192.0.2.0/33',
  '192.0.2.0/24/24',
  '192.0.2.256',
  '::/129',
  '192.0.2.0/',
  'acme.example/24',
])('is no network: %j', (text) => {
  expect(() => parseNetworks(text)).toThrow('expected a network');
});
