import { describe, expect, test } from 'vitest';
import { maskSecrets } from '../../../protocol/mask-secrets.ts';
import type { Env } from '../../../worker/env.ts';
import { type GivenSettings, judgeSettings } from '../../../worker/startup/judge-settings.ts';
import { checkSettings } from '../../../worker/startup/startup-check.ts';

const KEYS = {
  CONTEXT_KEY: 'Yx0m7v2qJt3nR5sWbK9dQeLhGzPcVfUaTiMoNy4E6w8',
  SEAL_KEY: 'Hq4zT8wLk2VbN6yXcR0mJ5sGdP9fUaEoI3tWnKvQyB7',
};
const UP: GivenSettings = {
  ...KEYS,
  PUBLIC_URL: 'http://127.0.0.1:8787',
  DATABASE_URL: 'postgres://causeway_app:kJ8s0aQm2XcV5bN7@127.0.0.1:5432/causeway',
  DATABASE_HTTP_URL: 'http://127.0.0.1:5433/sql',
};
const DEPLOYED: GivenSettings = {
  ...KEYS,
  PUBLIC_URL: 'https://causeway.example.com',
  DATABASE_URL: 'postgres://causeway_app:kJ8s0aQm2XcV5bN7@db.example.com/causeway',
};
const userOf = (login: string) => `postgres://${login}@db.example.com/causeway`;

test.each<[string, GivenSettings]>([
  ['what ./causeway up sets', UP],
  ['with a named origin of this machine', { ...UP, LOOPBACK_ORIGINS: 'http://127.0.0.1:9000' }],
  ['a name of this machine', { ...UP, PUBLIC_URL: 'http://causeway.localhost:8787' }],
  ['a deployment with Neon', DEPLOYED],
  [
    'a deployment with a database on this machine',
    { ...DEPLOYED, DATABASE_HTTP_URL: 'http://127.0.0.1:4444/sql' },
  ],
  [
    'a deployment with postgres-http elsewhere',
    { ...DEPLOYED, DATABASE_HTTP_URL: 'https://sql.example.com/sql' },
  ],
  ['TLS on this machine', { ...DEPLOYED, PUBLIC_URL: 'https://localhost:8443' }],
])('nothing is said of %s', (_what, settings) => {
  expect(judgeSettings(settings)).toEqual([]);
});

test.each<[string, GivenSettings, RegExp]>([
  ['a needed one is missing', { SEAL_KEY: '' }, /^SEAL_KEY is not set: /],
  ['a key is an example', { SEAL_KEY: 'A'.repeat(43) }, /^SEAL_KEY is an example.*: draw another/],
  [
    'a key serves two purposes',
    { SEAL_KEY: KEYS.CONTEXT_KEY },
    /^SEAL_KEY is the same as CONTEXT_KEY.*: draw another/,
  ],
  [
    'a key is the password',
    { DATABASE_URL: userOf(`causeway_app:${KEYS.SEAL_KEY}`) },
    /password in DATABASE_URL is one of the keys.*: give/,
  ],
  ['the passphrase is short', { KEY_PASSPHRASE: 'hunter2' }, /^KEY_PASSPHRASE is shorter.*: draw another/],
  [
    'the passphrase is an example',
    { KEY_PASSPHRASE: 'correct horse battery staple' },
    /^KEY_PASSPHRASE is .*an example or a sequence.*: draw another/,
  ],
  [
    'the password is a sequence',
    { DATABASE_URL: userOf('causeway_app:1234567890123456') },
    /password in DATABASE_URL is .*a sequence.*: give/,
  ],
  [
    'the object store is opened by a key',
    { BLOB_STORE_ACCESS_KEY_ID: 'AKIA', BLOB_STORE_SECRET_ACCESS_KEY: KEYS.SEAL_KEY },
    /^BLOB_STORE_SECRET_ACCESS_KEY is another of the secrets too.*: give/,
  ],
  [
    'the KMS is opened by what opens the object store',
    {
      ...{ KMS_KEY: 'alias/causeway', KMS_REGION: 'eu-central-1', KMS_ACCESS_KEY_ID: 'AKIA' },
      ...{ KMS_SECRET_ACCESS_KEY: 'drawn by AWS', BLOB_STORE_SECRET_ACCESS_KEY: 'drawn by AWS' },
      BLOB_STORE_ACCESS_KEY_ID: 'AKIA',
    },
    /^KMS_SECRET_ACCESS_KEY is another of the secrets too.*: give/,
  ],
  [
    'the passphrase is a key',
    { KEY_PASSPHRASE: KEYS.SEAL_KEY },
    /^KEY_PASSPHRASE is one of the keys.*: draw another/,
  ],
  [
    'the password is short',
    { DATABASE_URL: userOf('causeway_app:hunter2') },
    /password in DATABASE_URL is shorter.*: give/,
  ],
  [
    'the password repeats itself',
    { DATABASE_URL: userOf('causeway_app:aaaaaaaaaaaaaaaaaaaa') },
    /repeats itself: give/,
  ],
  [
    'the password is short, and long only as an address spells it',
    { DATABASE_URL: userOf('causeway_app:%21%40%23%24%25%5E%26%2A') },
    /password in DATABASE_URL is shorter.*: give/,
  ],
  [
    'the password is the passphrase, as an address spells it',
    {
      KEY_PASSPHRASE: 'seven green harbours at dusk',
      DATABASE_URL: userOf('causeway_app:seven%20green%20harbours%20at%20dusk'),
    },
    /password in DATABASE_URL is one of the keys.*: give/,
  ],
  [
    'the password holds a % as it is',
    { DATABASE_URL: userOf('causeway_app:kJ8s0aQm%zXcV5bN7') },
    /^DATABASE_URL is no address.*a % of the password is written %25.*: correct/,
  ],
  ['there is no password', { DATABASE_URL: userOf('causeway_app') }, /shorter.*: give/],
  [
    'the owner logs in',
    { DATABASE_URL: userOf('causeway_owner:kJ8s0aQm2XcV5bN7') },
    /another role than causeway_app.*: log in as causeway_app/,
  ],
  [
    'a superuser logs in',
    { DATABASE_URL: userOf('postgres:kJ8s0aQm2XcV5bN7') },
    /another role than causeway_app/,
  ],
  [
    'DATABASE_URL is of another database',
    { DATABASE_URL: 'mysql://a:b@c/d' },
    /^DATABASE_URL is no address.*: correct/,
  ],
  [
    'TLS to the database is turned off',
    { DATABASE_URL: `${DEPLOYED.DATABASE_URL}?sslmode=disable` },
    /without TLS.*: use sslmode=verify-full/,
  ],
  [
    'postgres-http is plain http elsewhere',
    { DATABASE_HTTP_URL: 'http://10.0.0.7:4444/sql' },
    /^DATABASE_HTTP_URL is plain http.*: give/,
  ],
  [
    'the object store is plain http elsewhere',
    { BLOB_STORE_URL: 'http://minio.internal:9000/b' },
    /^BLOB_STORE_URL is plain http.*: give/,
  ],
  [
    'the KMS is plain http elsewhere',
    {
      ...{ KMS_KEY: 'alias/causeway', KMS_REGION: 'eu-central-1', KMS_URL: 'http://kms.internal/' },
      ...{ KMS_ACCESS_KEY_ID: 'AKIA', KMS_SECRET_ACCESS_KEY: 'x' },
    },
    /^KMS_URL is plain http.*: give/,
  ],
  [
    'a KMS is named and no key for it',
    { KMS_KEY: 'alias/causeway', KMS_REGION: 'eu-central-1', KMS_ACCESS_KEY_ID: 'AKIA' },
    /^KMS_SECRET_ACCESS_KEY is not set: /,
  ],
  [
    'the object store has half of an access key',
    { BLOB_STORE_ACCESS_KEY_ID: 'AKIA' },
    /^BLOB_STORE_SECRET_ACCESS_KEY is not set: /,
  ],
  [
    'the object store has the other half',
    { BLOB_STORE_SECRET_ACCESS_KEY: 'drawn by AWS' },
    /^BLOB_STORE_ACCESS_KEY_ID is not set: /,
  ],
  [
    'postgres-http is no address',
    { DATABASE_HTTP_URL: 'sql.internal' },
    /^DATABASE_HTTP_URL is no .*: correct/,
  ],
  [
    'the object store is no address',
    { BLOB_STORE_URL: '/bucket' },
    /^BLOB_STORE_URL is no address.*: correct/,
  ],
  [
    'the KMS is no address',
    {
      ...{ KMS_KEY: 'alias/causeway', KMS_REGION: 'eu-central-1', KMS_URL: 'kms' },
      ...{ KMS_ACCESS_KEY_ID: 'AKIA', KMS_SECRET_ACCESS_KEY: 'x' },
    },
    /^KMS_URL is no address.*: correct/,
  ],
  [
    'the public address is plain http',
    { PUBLIC_URL: 'http://causeway.example.com' },
    /^PUBLIC_URL is not https.*: end TLS/,
  ],
  [
    'the public address only looks like this machine',
    { PUBLIC_URL: 'http://localhost.evil.example' },
    /^PUBLIC_URL is not https/,
  ],
  [
    'the public address has a path',
    { PUBLIC_URL: 'https://causeway.example.com/x' },
    /^PUBLIC_URL is no address.*: correct/,
  ],
  [
    'an origin is a pattern',
    { ALLOWED_ORIGINS: 'https://*.example.com' },
    /^ALLOWED_ORIGINS names something else.*: correct/,
  ],
  ['password costs are weak', { PASSWORD_COSTS: 'm=8,t=1,p=1' }, /^PASSWORD_COSTS .*: correct/],
  ['keys may grow old for ever', { KEY_DAYS_MAX: '99999' }, /^KEY_DAYS_MAX .*: correct/],
  ['keys may grow older than ten years', { KEY_DAYS_MAX: '3651' }, /^KEY_DAYS_MAX .*: correct/],
  ['every key is overdue at once', { KEY_DAYS_MAX: '000' }, /^KEY_DAYS_MAX .*: correct/],
  [
    'https is to hold for no time',
    { HSTS_MAX_AGE_SECONDS: '1; preload' },
    /^HSTS_MAX_AGE_SECONDS .*: correct/,
  ],
  ...['EDGE', 'OAUTH_REQUIRE_RESOURCE', 'HSTS_INCLUDE_SUBDOMAINS', 'ADMINISTRATION'].map(
    (name): [string, GivenSettings, RegExp] => [
      `${name} is a word that nobody knows`,
      { [name]: 'true' },
      new RegExp(`^${name} is neither .* nor .*: correct`),
    ],
  ),
  ...[
    'LOGIN_FAILURES_MAX',
    'LOGIN_ADDRESS_FAILURES_MAX',
    'SESSION_IDLE_MINUTES',
    'SESSION_ABSOLUTE_HOURS',
  ].map((name): [string, GivenSettings, RegExp] => [
    `${name} is without a bound`,
    { [name]: '1000000' },
    new RegExp(`^${name} is no whole number from .* to .*: correct`),
  ]),
  ['a kind of markup is unknown', { REFUSED_MARKUP: 'html' }, /^REFUSED_MARKUP .*: correct/],
  ['a pattern may take long', { REFUSED_PATTERNS: '(a+)+$' }, /^REFUSED_PATTERNS .*: correct/],
  [
    'a switch of development is on',
    { LOOPBACK_ORIGINS: 'http://127.0.0.1:9000' },
    /^LOOPBACK_ORIGINS .*PUBLIC_URL and DATABASE_HTTP_URL is not http on loopback: remove/,
  ],
])('a deployment serves nothing where %s, and says the remedy', (_what, changes, says) => {
  const found = judgeSettings({ ...DEPLOYED, ...changes });
  expect(found).toEqual([expect.stringMatching(says)]);
  // As it is logged: an example in it is no secret.
  expect(found.map(maskSecrets)).toEqual(found);
});

test.each<[string, object, readonly RegExp[]]>([
  ['nowhere', {}, [/^There is no store for blobs: bind R2 as BLOBS .*or set BLOB_STORE_URL$/]],
  ['at an address that is empty', { BLOB_STORE_URL: '' }, [/no store for blobs/]],
  ['nowhere, and more is wrong', { SEAL_KEY: '' }, [/^SEAL_KEY is not set/, /no store for blobs/]],
  ['in R2', { BLOBS: {} }, []],
  ['on the disk of workerd', { BLOB_DISK: {} }, []],
  ['in S3', { BLOB_STORE_URL: 'https://s3.example.com/blobs/' }, []],
])('a deployment whose blobs lie %s', (_where, bound, found) => {
  const verdict = checkSettings({ ...DEPLOYED, ...bound } as unknown as Env);
  expect(verdict.ok ? [] : verdict.findings).toEqual(found.map((says) => expect.stringMatching(says)));
});

test('all that is wrong is said at once, and no secret with it', () => {
  const found = judgeSettings({
    PUBLIC_URL: 'http://causeway.example.com',
    DATABASE_URL: userOf('postgres:hunter2'),
    CONTEXT_KEY: 'k'.repeat(43),
    LOOPBACK_ORIGINS: 'http://127.0.0.1:9000',
    BLOB_STORE_URL: 'http://10.0.0.7/b',
  });
  const names = [
    'SEAL_KEY',
    'CONTEXT_KEY',
    'DATABASE_URL',
    'DATABASE_URL',
    'PUBLIC_URL',
    'BLOB_STORE_URL',
    'LOOPBACK_ORIGINS',
  ];
  expect(found).toEqual(names.map((name) => expect.stringContaining(name)));
  expect(found.join()).not.toMatch(/hunter2|kkkk/);
});

describe('LOOPBACK_ORIGINS where', () => {
  const named = { ...UP, LOOPBACK_ORIGINS: 'http://127.0.0.1:9000' };
  test.each<[string, GivenSettings, string]>([
    ['a proxy with TLS is on this machine', { PUBLIC_URL: 'https://127.0.0.1' }, 'PUBLIC_URL is not'],
    [
      'the database is elsewhere',
      { DATABASE_HTTP_URL: 'https://db.example/sql' },
      'DATABASE_HTTP_URL is not',
    ],
    ['the database is Neon', { DATABASE_HTTP_URL: undefined }, 'DATABASE_HTTP_URL is not'],
    ['an address elsewhere is named', { LOOPBACK_ORIGINS: 'http://10.0.0.1' }, 'something else than origins'],
    ['every port is named', { LOOPBACK_ORIGINS: 'http://127.0.0.1:*' }, 'something else than origins'],
  ])('%s', (_where, changes, finding) => {
    expect(judgeSettings({ ...named, ...changes })).toEqual([expect.stringContaining(finding)]);
  });
});
