import { expect, test } from 'vitest';
import { judgeStart } from '../../../executor/judge-start.ts';
import { judgeSettings as judgePostgresHttp } from '../../../infra/postgres-http/judge-settings.ts';
import { judgeSecretFile } from '../../../protocol/judge-file.ts';
import { judgeDatabase } from '../../../worker/startup/judge-database.ts';

const file = (mode: number, uid = 1000) => ({ mode: 0o100000 | mode, uid });

test.each<[number, number, readonly RegExp[]]>([
  [0o600, 1000, []],
  [0o400, 0, []],
  [0o640, 1000, [/can be read by others \(mode 0640\): chmod go= \/s\/key/]],
  [0o604, 1000, [/can be read by others/]],
  [0o620, 1000, [/can be read or changed by others/]],
  [0o600, 1001, [/belongs to another user \(1001\): chown 1000/]],
  [0o666, 1001, [/read or changed/, /another user/]],
])('a secret file of mode %o that belongs to %i', (mode, uid, found) => {
  expect(judgeSecretFile('/s/key', file(mode, uid), 1000)).toEqual(
    found.map((says) => expect.stringMatching(says)),
  );
});

const executor = {
  url: 'https://causeway.example.com',
  ownUid: 1000,
  identityFile: '/s/executor.json',
  identity: file(0o600),
  folder: file(0o755),
};
test.each<[string, Partial<Parameters<typeof judgeStart>[0]>, readonly RegExp[]]>([
  ['is as it should be', {}, []],
  ['is new', { identity: null, folder: null }, []],
  ['is beside its Worker', { url: 'http://127.0.0.1:8787' }, []],
  [
    'is to talk plain http',
    { url: 'http://causeway.example.com' },
    [/is not dialled\. Over plain http.*: name its https/],
  ],
  ['has a key that others read', { identity: file(0o644) }, [/executor\.json can be read.*: chmod/]],
  ['has a folder that others write', { folder: file(0o777) }, [/^\/s can be read or changed.*: chmod/]],
  [
    'is wrong in each way',
    { url: 'http://10.0.0.1', identity: file(0o666), folder: file(0o777) },
    [/plain http/, /executor\.json/, /^\/s can/],
  ],
])('an executor that %s', (_what, changes, found) => {
  expect(judgeStart({ ...executor, ...changes })).toEqual(found.map((says) => expect.stringMatching(says)));
});

const postgresHttp = {
  listenHost: '127.0.0.1',
  upstreamHost: '127.0.0.1',
  serving: 'plain' as const,
  isUpstreamTls: false,
  keyFile: null,
  ownUid: 1000,
};
test.each<[string, Partial<Parameters<typeof judgePostgresHttp>[0]>, readonly RegExp[]]>([
  ['on this machine', {}, []],
  [
    'on the network',
    { listenHost: '0.0.0.0' },
    [/--listen 0\.0\.0\.0 would serve plain HTTP.*: give it --tls-cert/],
  ],
  ['on the network behind TLS', { listenHost: '0.0.0.0', serving: 'behind_tls' }, []],
  [
    'on the network with TLS',
    { listenHost: '::', serving: 'tls', keyFile: { path: '/k', facts: file(0o600) } },
    [],
  ],
  [
    'with a key that others read',
    { serving: 'tls', keyFile: { path: '/k', facts: file(0o644) } },
    [/\/k can be read by others/],
  ],
  [
    'before a Postgres elsewhere',
    { upstreamHost: '10.0.0.5' },
    [/--upstream 10\.0\.0\.5 .*without TLS: say --upstream-tls/],
  ],
  ['before a Postgres elsewhere by TLS', { upstreamHost: '10.0.0.5', isUpstreamTls: true }, []],
  ['wrong in both', { listenHost: '0.0.0.0', upstreamHost: 'db' }, [/--listen/, /--upstream/]],
])('postgres-http %s', (_what, changes, found) => {
  expect(judgePostgresHttp({ ...postgresHttp, ...changes })).toEqual(
    found.map((says) => expect.stringMatching(says)),
  );
});

const sound = { findings: [], newestMigration: '0201-b.sql', signingKeyDays: 12 };
const leaky = { severity: 'error' as const, code: 'x', object: 'y', message: 'Table y leaks: protect it.' };
test.each<[string, Parameters<typeof judgeDatabase>[0], readonly RegExp[]]>([
  ['is sound', sound, []],
  ['has no key yet', { ...sound, signingKeyDays: null }, []],
  ['has only warnings', { ...sound, findings: [{ ...leaky, severity: 'warning' }] }, []],
  ['was never migrated', null, [/no migrations.*: run \.\/causeway migrate/]],
  [
    'lacks migrations',
    { ...sound, newestMigration: '0200-a.sql' },
    [/lacks migrations up to 0201.*: run \.\/causeway migrate/],
  ],
  [
    'is newer',
    { ...sound, newestMigration: '0202-c.sql' },
    [/0202-c\.sql, which this version does not know.*: deploy/],
  ],
  [
    'has a key that is overdue',
    { ...sound, signingKeyDays: 401 },
    [/401 days old.*: run \.\/causeway keys rotate/],
  ],
  [
    'is wrong in each way',
    { findings: [leaky], newestMigration: null, signingKeyDays: 999 },
    [/lacks/, /999 days/, /leaks/],
  ],
])('a database that %s', (_what, facts, found) => {
  const rules = { newestKnown: '0201-b.sql', daysMax: 400 };
  expect(judgeDatabase(facts, rules)).toEqual(found.map((says) => expect.stringMatching(says)));
});
