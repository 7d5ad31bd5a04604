import { expect, test } from 'vitest';
import { judgeSettings } from '../../../worker/startup/judge-settings.ts';

const UP = {
  PUBLIC_URL: 'http://127.0.0.1:8787',
  DATABASE_HTTP_URL: 'http://127.0.0.1:5433/sql',
  LOOPBACK_ORIGINS: 'http://127.0.0.1:9000',
};
const DEPLOYED = 'https://causeway.example.com';

test.each<[string, Partial<typeof UP>, readonly string[]]>([
  ['under ./causeway up', {}, []],
  ['nothing is named', { PUBLIC_URL: DEPLOYED, LOOPBACK_ORIGINS: '' }, []],
  ['a deployment', { PUBLIC_URL: DEPLOYED }, ['PUBLIC_URL is not']],
  ['a deployment by plain http', { PUBLIC_URL: 'http://causeway.example.com' }, ['PUBLIC_URL is not']],
  [
    'a deployment on a name like this machine',
    { PUBLIC_URL: 'http://localhost.evil' },
    ['PUBLIC_URL is not'],
  ],
  ['a proxy with TLS on this machine', { PUBLIC_URL: 'https://127.0.0.1' }, ['PUBLIC_URL is not']],
  ['another database', { DATABASE_HTTP_URL: 'https://db.example/sql' }, ['DATABASE_HTTP_URL is not']],
  [
    'neither is here',
    { PUBLIC_URL: DEPLOYED, DATABASE_HTTP_URL: 'https://db.example/sql' },
    ['PUBLIC_URL and DATABASE_HTTP_URL is not'],
  ],
  ['an address elsewhere is named', { LOOPBACK_ORIGINS: 'http://10.0.0.1' }, ['something else than origins']],
  ['every port is named', { LOOPBACK_ORIGINS: 'http://127.0.0.1:*' }, ['something else than origins']],
])('LOOPBACK_ORIGINS where %s', (_where, changes, findings) => {
  const found = judgeSettings({ ...UP, ...changes });
  expect(found).toEqual(findings.map((finding) => expect.stringContaining(finding)));
  for (const finding of found) expect(finding).toMatch(/LOOPBACK_ORIGINS.*: .*remove/);
});

test('a database that is reached without DATABASE_HTTP_URL is elsewhere', () => {
  const { DATABASE_HTTP_URL: _, ...settings } = UP;
  expect(judgeSettings(settings)).toEqual([expect.stringContaining('DATABASE_HTTP_URL is not')]);
});
