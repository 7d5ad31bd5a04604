import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { readOrCreateSecrets, readSecrets } from '../../../cli/stack/secrets.ts';
import { preparePaths, statePaths } from '../../../cli/stack/state-paths.ts';
import { Failure } from '../../../cli/terminal/failure.ts';

const dir = mkdtempSync(join(tmpdir(), 'causeway-secrets-'));
const paths = statePaths(dir);
const file = paths.secretsFile;
beforeEach(() => {
  rmSync(dir, { recursive: true });
  preparePaths(paths);
});
afterAll(() => rmSync(dir, { recursive: true }));

const change = (changes: object) =>
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));

test('secrets are drawn once, for nobody else to read', () => {
  const drawn = readOrCreateSecrets(paths);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect([readSecrets(paths), readOrCreateSecrets(paths)]).toEqual([drawn, drawn]);
});

test.each<[string, () => void, RegExp]>([
  ['can be read by others', () => chmodSync(file, 0o644), /secrets\.json can be read by others.*chmod go=/],
  ['hold an example', () => change({ sealKey: 'A'.repeat(43) }), /SEAL_KEY is an example/],
  [
    'hold one key twice',
    () => change({ sealKey: readSecrets(paths)?.contextKey }),
    /SEAL_KEY is the same as CONTEXT_KEY/,
  ],
  ['are cut off', () => writeFileSync(file, '{"contextKey":"'), /not what \.\/causeway up wrote/],
])('secrets that %s are refused with the remedy', (_what, spoil, why) => {
  readOrCreateSecrets(paths);
  spoil();
  const thrown = (() => {
    try {
      return readSecrets(paths);
    } catch (error) {
      return error;
    }
  })();
  expect(thrown).toBeInstanceOf(Failure);
  expect((thrown as Failure).why).toMatch(why);
});
