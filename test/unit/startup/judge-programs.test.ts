import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ensureCertificates } from '../../../cli/tls/certificates.ts';
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
  identity: 'usable' as const,
  keyDays: 400,
  keyDaysMax: 400,
  folder: file(0o755),
  joinToken: null,
};
const joinToken = { file: '/s/token', isReadable: true };
test.each<[string, Partial<Parameters<typeof judgeStart>[0]>, readonly RegExp[]]>([
  ['is as it should be', {}, []],
  ['is new', { identity: 'none', folder: null, joinToken }, []],
  [
    'is new and has no token',
    { identity: 'none', folder: null },
    [/no identity yet: pass --join-token-file/],
  ],
  [
    'is new and has no token where it was said',
    { identity: 'none', joinToken: { ...joinToken, isReadable: false } },
    [/^\/s\/token cannot be read: put a join token there/],
  ],
  ['is known and needs no token', { joinToken: { ...joinToken, isReadable: false } }, []],
  ['has no deployment to serve', { url: null }, [/no deployment to serve: name its https address/]],
  ['is beside its Worker', { url: 'http://127.0.0.1:8787' }, []],
  [
    'is to talk plain http',
    { url: 'http://causeway.example.com' },
    [/is not dialled\. Over plain http.*: name its https/],
  ],
  [
    'is given a password in its address',
    { url: 'https://ann:seven-harbours@causeway.example.com' },
    [/^https:\/\/\*\*\*@causeway\.example\.com is not dialled\. Expected an address without user/],
  ],
  ['has a key that must not be used', { identity: { fault: 'It is a link. Join anew.' } }, [/^It is a link/]],
  [
    'has an overdue key',
    { keyDays: 401 },
    [/^The key in \/s\/executor\.json is 401 days old.*overdue after 400: run causeway-executor rotate-key/],
  ],
  ['has a key of which nobody knows the age', { keyDays: null }, []],
  ['has a folder that others write', { folder: file(0o777) }, [/^\/s can be read or changed.*: chmod/]],
  [
    'is wrong in each way',
    { url: 'http://10.0.0.1', identity: { fault: 'It is a link.' }, keyDays: 999, folder: file(0o777) },
    [/plain http/, /^It is a link/, /999 days/, /^\/s can/],
  ],
])('an executor that %s', (_what, changes, found) => {
  expect(judgeStart({ ...executor, ...changes })).toEqual(found.map((says) => expect.stringMatching(says)));
});

const folder = mkdtempSync(join(tmpdir(), 'causeway-judged-'));
const one = await ensureCertificates(join(folder, 'one'), ['localhost']);
const other = await ensureCertificates(join(folder, 'other'), ['localhost']);
afterAll(() => rmSync(folder, { recursive: true }));
const given = (path: string, text = readFileSync(path, 'utf8'), mode = 0o600) => ({
  path,
  text,
  facts: file(mode),
});
const tls = { serving: 'tls' as const, cert: given(one.certFile), key: given(one.keyFile) };
const YEARS_LATER = Date.now() + 3 * 365 * 24 * 3600_000;

const postgresHttp = {
  listenHost: '127.0.0.1',
  upstreamHost: '127.0.0.1',
  serving: 'plain' as const,
  isUpstreamTls: false,
  cert: null,
  key: null,
  ca: null,
  ownUid: 1000,
  now: Date.now(),
};
test.each<[string, Partial<Parameters<typeof judgePostgresHttp>[0]>, readonly RegExp[]]>([
  ['on this machine', {}, []],
  [
    'on the network',
    { listenHost: '0.0.0.0' },
    [/--listen 0\.0\.0\.0 would serve plain HTTP.*: give it --tls-cert/],
  ],
  ['on the network behind TLS', { listenHost: '0.0.0.0', serving: 'behind_tls' }, []],
  ['on the network with TLS', { listenHost: '::', ...tls }, []],
  [
    'with a key that others read',
    { ...tls, key: given(one.keyFile, undefined, 0o644) },
    [/key\.pem can be read by others/],
  ],
  [
    'with a key that is none',
    { ...tls, key: given(one.keyFile, 'x') },
    [/^--tls-key .*key\.pem is no private key in PEM.*: name/],
  ],
  [
    'with the key of another certificate',
    { ...tls, key: given(other.keyFile) },
    [/^--tls-key .* is not the key of .*cert\.pem: name the two/],
  ],
  [
    'with a certificate that is none',
    { ...tls, cert: given(one.certFile, 'x') },
    [/^--tls-cert .*cert\.pem is no certificate in PEM: name/],
  ],
  [
    'with a certificate that has ended',
    { ...tls, now: YEARS_LATER },
    [/^--tls-cert .* ended at \d{4}-.*: renew/],
  ],
  [
    'before a Postgres whose authority is no certificate',
    { isUpstreamTls: true, ca: given(one.keyFile) },
    [/^--upstream-ca .* is no certificate in PEM: name/],
  ],
  [
    'before a Postgres whose authority has ended',
    { isUpstreamTls: true, ca: given(one.caFile), now: YEARS_LATER },
    [/^--upstream-ca .* ended at .*: renew/],
  ],
  [
    'before a Postgres elsewhere',
    { upstreamHost: '10.0.0.5' },
    [/--upstream 10\.0\.0\.5 .*without TLS: say --upstream-tls/],
  ],
  ['before a Postgres elsewhere by TLS', { upstreamHost: '10.0.0.5', isUpstreamTls: true }, []],
  [
    'wrong in each way',
    {
      ...tls,
      upstreamHost: 'db',
      key: given(other.keyFile, undefined, 0o666),
      ca: given(one.caFile, 'x'),
      now: YEARS_LATER,
    },
    [/--upstream db/, /--tls-cert/, /read or changed/, /is not the key of/, /--upstream-ca/],
  ],
  ['wrong in both addresses', { listenHost: '0.0.0.0', upstreamHost: 'db' }, [/--listen/, /--upstream/]],
])('postgres-http %s', (_what, changes, found) => {
  expect(judgePostgresHttp({ ...postgresHttp, ...changes })).toEqual(
    found.map((says) => expect.stringMatching(says)),
  );
});

const keyDays = { signing: 12, context: 400, seal: 0, encryption: 399 };
const sound = { findings: [], migrations: ['0200-a.sql', '0201-b.sql'], keyDays };
const noKeys = { signing: null, context: null, seal: null, encryption: null };
const leaky = { severity: 'error' as const, code: 'x', object: 'y', message: 'Table y leaks: protect it.' };
test.each<[string, Parameters<typeof judgeDatabase>[0], readonly RegExp[]]>([
  ['is sound', sound, []],
  ['has no key yet', { ...sound, keyDays: noKeys }, []],
  ['has only warnings', { ...sound, findings: [{ ...leaky, severity: 'warning' }] }, []],
  ['was never migrated', null, [/no migrations.*: run \.\/causeway migrate/]],
  [
    'lacks migrations',
    { ...sound, migrations: [] },
    [/lacks 2 migrations \(0200-a\.sql, 0201-b\.sql\): run \.\/causeway migrate$/],
  ],
  [
    'lacks one below its newest',
    { ...sound, migrations: ['0201-b.sql'] },
    [/lacks migration 0200-a\.sql: run \.\/causeway migrate$/],
  ],
  [
    'is newer',
    { ...sound, migrations: [...sound.migrations, '0202-c.sql'] },
    [/has migration 0202-c\.sql, which this version does not know \(its newest is 0201-b\.sql\): deploy/],
  ],
  [
    'is newer by many',
    { ...sound, migrations: [...sound.migrations, ...[2, 3, 4, 5, 6].map((n) => `020${n}-x.sql`)] },
    [/has 5 migrations \(0202-x\.sql, 0203-x\.sql, 0204-x\.sql and 2 more\), which/],
  ],
  [
    'comes of another branch',
    { ...sound, migrations: ['0200-a.sql', '0200-other.sql', '0201-b.sql'] },
    [/has migration 0200-other\.sql, which this version does not know/],
  ],
  [
    'has what another lacks, and lacks what another has',
    { ...sound, migrations: ['0200-other.sql', '0201-b.sql'] },
    [/lacks migration 0200-a/, /has migration 0200-other/],
  ],
  [
    'has an overdue key that signs access tokens',
    { ...sound, keyDays: { ...keyDays, signing: 401 } },
    [
      /^The key that signs access tokens is 401 days old, and overdue after 400: run \.\/causeway keys rotate$/,
    ],
  ],
  [
    'has an overdue CONTEXT_KEY',
    { ...sound, keyDays: { ...keyDays, context: 401 } },
    [/^CONTEXT_KEY is 401 days old.*: change it as docs\/keys\.md says$/],
  ],
  [
    'has an overdue SEAL_KEY',
    { ...sound, keyDays: { ...keyDays, seal: 401 } },
    [/^SEAL_KEY is 401 days old.*: change it as docs\/keys\.md says$/],
  ],
  [
    'has an overdue passphrase',
    { ...sound, keyDays: { ...keyDays, encryption: 401 } },
    [/^The key-encryption key is 401 days old.*: change the passphrase.* keys rotate --kek$/],
  ],
  [
    'is wrong in each way',
    {
      findings: [leaky],
      migrations: [],
      keyDays: { signing: 996, context: 997, seal: 998, encryption: 999 },
    },
    [/lacks/, /996 days/, /997 days/, /998 days/, /999 days/, /leaks/],
  ],
])('a database that %s', (_what, facts, found) => {
  const rules = { known: ['0200-a.sql', '0201-b.sql'], daysMax: 400 };
  expect(judgeDatabase(facts, rules)).toEqual(found.map((says) => expect.stringMatching(says)));
});
