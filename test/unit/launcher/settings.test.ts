import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { parseLifetime } from '../../../cli/identity/expiry.ts';
import { addLoopbackOrigin } from '../../../cli/settings/loopback-origin.ts';
import { parsePublicUrl } from '../../../cli/settings/public-url.ts';
import { checkWorkerSettings, type WorkerSettingName } from '../../../cli/settings/schema.ts';
import { printSettingsFile } from '../../../cli/stack/parts/worker-settings.ts';

describe('a wrong setting is refused before the Worker sees it', () => {
  test.each<[WorkerSettingName, string]>([
    ['PUBLIC_URL', 'causeway.example.com'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
    ['DATABASE_URL', 'mysql://db/causeway'],
    ['CONTEXT_KEY', 'short'],
    ['SEAL_KEY', `${'A'.repeat(42)}=`],
    ['LOOPBACK_ORIGINS', 'http://10.0.0.1:9000'],
    ['LOOPBACK_ORIGINS', '*'],
  ])('%s=%s', (name, value) => {
    expect(() => checkWorkerSettings({ [name]: value })).toThrow();
  });
});

test('a secret that is refused does not appear in the message', () => {
  expect(() => checkWorkerSettings({ CONTEXT_KEY: 'my-secret' })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('my-secret') }),
  );
});

test.each([
  ['https://causeway.example.com/', 'https://causeway.example.com'],
  ['http://127.0.0.1:8790', 'http://127.0.0.1:8790'],
])('the public address %s is used as %s', (given, used) => {
  expect(parsePublicUrl(given)).toBe(used);
});

test.each([
  'causeway.example.com',
  'ftp://x.example',
  'https://x.example/path',
  'https://a:b@x.example',
  'https://x.example/?q',
])('the public address %s is refused', (given) => {
  expect(() => parsePublicUrl(given)).toThrow(InvalidArgumentError);
});

test('origins of this machine are gathered', () => {
  const first = addLoopbackOrigin('http://127.0.0.1:9000');
  expect(addLoopbackOrigin('http://localhost:9001', first)).toEqual([
    'http://127.0.0.1:9000',
    'http://localhost:9001',
  ]);
});

test.each(['', 'http://10.0.0.1:9000', 'http://127.0.0.1:9000/', 'http://localhost,http://127.0.0.1', '*'])(
  'the origin "%s" is none of this machine, and refused',
  (given) => {
    expect(() => addLoopbackOrigin(given)).toThrow(InvalidArgumentError);
  },
);

test.each([
  ['30m', 1_800_000],
  ['1h', 3_600_000],
  ['90d', 7_776_000_000],
])('a lifetime of %s is %i ms', (text, lifetimeMs) => {
  expect(parseLifetime(text)).toBe(lifetimeMs);
});

test.each(['', '0h', '1', 'h', '1w', '-1h', '1.5h', '9999999d', '1h '])(
  'a lifetime of "%s" is refused',
  (text) => {
    expect(() => parseLifetime(text)).toThrow(InvalidArgumentError);
  },
);

test('a value cannot add a second setting to the file', () => {
  const text = printSettingsFile({ PUBLIC_URL: 'http://x\nLOOPBACK_ORIGINS=http://localhost' });
  expect(text.split('\n').filter((line) => line.startsWith('LOOPBACK_ORIGINS'))).toEqual([]);
});
