import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { judgeSecrets, readOrCreateSecrets, readSecrets } from '../../../cli/stack/secrets.ts';
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

test('all that is wrong with them is said at once; where no stack was, there is nothing to say', () => {
  expect(judgeSecrets(paths)).toBeNull();
  readOrCreateSecrets(paths);
  expect(judgeSecrets(paths)).toEqual([]);
  change({ contextKey: 'A'.repeat(43), sealKey: 'A'.repeat(43) });
  chmodSync(file, 0o666);
  expect(judgeSecrets(paths)).toEqual([
    expect.stringMatching(/secrets\.json can be read or changed by others/),
    expect.stringMatching(/^CONTEXT_KEY is an example/),
    expect.stringMatching(/^SEAL_KEY is the same as CONTEXT_KEY/),
  ]);
});

test.each<[string, () => void, RegExp]>([
  ['can be read by others', () => chmodSync(file, 0o644), /secrets\.json can be read by others.*chmod go=/],
  [
    'are in files that others can read',
    () => {
      mkdirSync(paths.tls);
      for (const each of [paths.connectionFile, paths.imageKeyFile, paths.tlsKeyFile])
        writeFileSync(each, '', { mode: 0o640 });
    },
    /connection\.json can be read by others.*; .*image-key can be read.*; .*tls\/key\.pem can be read.*chmod go=/,
  ],
  ['hold an example', () => change({ sealKey: 'A'.repeat(43) }), /SEAL_KEY is an example/],
  [
    'hold one key twice',
    () => change({ sealKey: readSecrets(paths)?.contextKey }),
    /SEAL_KEY is the same as CONTEXT_KEY/,
  ],
  [
    'hold a key that is a password too',
    () => change({ ownerPassword: readSecrets(paths)?.contextKey }),
    /The password of causeway_owner is the same as CONTEXT_KEY.*draw another/,
  ],
  [
    'hold one password twice',
    () => change({ appPassword: readSecrets(paths)?.ownerPassword }),
    /The password of causeway_app is the same as The password of causeway_owner/,
  ],
  [
    'hold a password that is an example',
    () => change({ appPassword: 'A'.repeat(43) }),
    /causeway_app is an example/,
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
  expect(judgeSecrets(paths)?.join('; ')).toBe((thrown as Failure).why);
});
