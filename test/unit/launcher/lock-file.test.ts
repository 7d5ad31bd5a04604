import { expect, test } from 'vitest';
import { findUnlockedPackages } from '../../../cli/gate/lock-file.ts';

const lockWith = (packages: Readonly<Record<string, object>>): string => JSON.stringify({ packages });
const WANTS = { optionalDependencies: { '@tool/darwin-arm64': '1.0.0' } };

test('an optional package of another platform that the lock does not name is found', () => {
  expect(findUnlockedPackages(lockWith({ '': {}, 'node_modules/@tool/cli': WANTS }))).toEqual([
    'package-lock.json does not name @tool/darwin-arm64, which node_modules/@tool/cli wants where it fits',
  ]);
});

test.each(['node_modules/@tool/darwin-arm64', 'node_modules/@tool/cli/node_modules/@tool/darwin-arm64'])(
  'one that stands at %s is named',
  (place) => {
    expect(findUnlockedPackages(lockWith({ 'node_modules/@tool/cli': WANTS, [place]: {} }))).toEqual([]);
  },
);
