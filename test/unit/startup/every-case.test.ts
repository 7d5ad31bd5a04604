import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

/** A test that is a fixture of a case, by its file and a part of it that is its title or its row; or why a program has no such case. */
type Fixture = readonly [file: string, ...parts: readonly string[]] | { readonly none: string };

const PROGRAMS = 'test/unit/startup/judge-programs.test.ts';
const SETTINGS = 'test/unit/startup/judge-settings.test.ts';
const KEYS = 'test/unit/startup/judge-keys.test.ts';
const CATALOGUE = 'test/database/catalogue.test.ts';
const LAUNCHER = 'test/unit/launcher/secrets.test.ts';

const DRAWS_ITS_KEY = { none: 'its one secret is a key that it draws itself' };
const HOLDS_NO_SECRET = { none: 'it holds no secret but the key of its certificate' };
const NO_DATABASE = { none: 'it reaches no database' };
const NO_LOGIN = { none: 'it logs in with what each request shows, and holds no login' };
const NO_SWITCH = { none: 'it has no switch for development' };
const MIGRATES = {
  none: 'it migrates by itself, and logs in as the owner for that alone; its Worker looks then',
};

/** Issue 6, "Start-up validation": what each program refuses to serve with. */
const CASES: Readonly<
  Record<string, Readonly<Record<'worker' | 'executor' | 'postgres-http' | 'launcher', Fixture>>>
> = {
  'a missing secret': {
    worker: [SETTINGS, 'a needed one is missing', 'there is no password'],
    executor: [PROGRAMS, 'is new and has no token', 'is new and has no token where it was said'],
    'postgres-http': ['test/database/postgres-http-main.test.ts', 'a certificate without its key'],
    launcher: [LAUNCHER, 'are cut off'],
  },
  'a weak secret': {
    worker: [SETTINGS, 'the passphrase is short', 'the password is short', 'the password repeats itself'],
    executor: DRAWS_ITS_KEY,
    'postgres-http': HOLDS_NO_SECRET,
    launcher: [KEYS, 'a passphrase of 32 letters', 'bytes in a row', 'a few bytes again and again'],
  },
  'a known example': {
    worker: [SETTINGS, 'a key is an example', 'the passphrase is an example', 'the password is a sequence'],
    executor: DRAWS_ITS_KEY,
    'postgres-http': HOLDS_NO_SECRET,
    launcher: [LAUNCHER, 'hold an example'],
  },
  'a secret for two purposes': {
    worker: [
      SETTINGS,
      'a key serves two purposes',
      'a key is the password',
      'the passphrase is a key',
      'the object store is opened by a key',
    ],
    executor: DRAWS_ITS_KEY,
    'postgres-http': HOLDS_NO_SECRET,
    launcher: [LAUNCHER, 'hold one key twice'],
  },
  'a key that is overdue': {
    worker: [
      PROGRAMS,
      'has an overdue key that signs access tokens',
      'has an overdue CONTEXT_KEY',
      'has an overdue SEAL_KEY',
      'has an overdue passphrase',
    ],
    executor: [PROGRAMS, 'has an overdue key'],
    'postgres-http': [PROGRAMS, 'with a certificate that has ended', 'whose authority has ended'],
    launcher: { none: 'the Worker of its stack looks at their ages' },
  },
  'a bad key file': {
    worker: [
      'test/worker/startup-keys.test.ts',
      'with another passphrase serves nothing',
      'wrong in each way at once',
    ],
    executor: [PROGRAMS, 'has a key that must not be used'],
    'postgres-http': [
      PROGRAMS,
      'with a key that is none',
      'with the key of another certificate',
      'with a certificate that is none',
    ],
    launcher: [LAUNCHER, 'are cut off'],
  },
  'file permissions that are wide': {
    worker: { none: 'it has no file' },
    executor: ['test/e2e/join.test.ts', 'others may read its key', 'its key is a link'],
    'postgres-http': [PROGRAMS, 'with a key that others read'],
    launcher: [LAUNCHER, 'can be read by others', 'are in files that others can read'],
  },
  'a connection in the clear': {
    worker: [
      SETTINGS,
      'the public address is plain http',
      'TLS to the database is turned off',
      'postgres-http is plain http elsewhere',
      'the object store is plain http elsewhere',
      'the KMS is plain http elsewhere',
    ],
    executor: [PROGRAMS, 'is to talk plain http'],
    'postgres-http': [PROGRAMS, 'on the network', 'before a Postgres elsewhere'],
    launcher: [
      'test/unit/launcher/host-in-the-clear.test.ts',
      'nothing is said of TLS',
      'a command of the operator connects to nothing in the clear',
    ],
  },
  'a switch of development in production': {
    worker: [SETTINGS, 'a switch of development is on'],
    executor: NO_SWITCH,
    'postgres-http': NO_SWITCH,
    launcher: { none: 'what up starts is development' },
  },
  'a database role that is too strong': {
    worker: [
      CATALOGUE,
      'BYPASSRLS of the Worker',
      'a superuser as Worker',
      'the Worker as a member of the keeper',
    ],
    executor: NO_DATABASE,
    'postgres-http': NO_LOGIN,
    launcher: MIGRATES,
  },
  'row security that is not forced': {
    worker: [CATALOGUE, 'row_security_off'],
    executor: NO_DATABASE,
    'postgres-http': NO_LOGIN,
    launcher: MIGRATES,
  },
  'migrations that are missing or newer': {
    worker: [
      PROGRAMS,
      ...['was never migrated', 'lacks migrations', 'lacks one below its newest'],
      ...['is newer', 'comes of another branch'],
    ],
    executor: NO_DATABASE,
    'postgres-http': NO_LOGIN,
    launcher: ['test/database/migrate.test.ts', 'newer version'],
  },
  'all at once': {
    worker: ['test/worker/startup-settings.test.ts', 'says all that is wrong'],
    executor: [PROGRAMS, 'is wrong in each way'],
    'postgres-http': [PROGRAMS, 'wrong in each way'],
    launcher: [LAUNCHER, 'all that is wrong with them is said at once'],
  },
  'told by the doctor': {
    worker: ['test/unit/doctor/diagnose.test.ts', 'a start-up check fails'],
    executor: ['test/e2e/doctor.test.ts', "'an executor'"],
    'postgres-http': ['test/e2e/doctor.test.ts', "'postgres-http'"],
    launcher: ['test/e2e/doctor.test.ts', "'the launcher'"],
  },
};

describe('what keeps a program from starting has a fixture:', () => {
  const rows = Object.entries(CASES).flatMap(([what, programs]) =>
    Object.entries(programs).flatMap(([program, fixture]) =>
      'none' in fixture
        ? []
        : [{ what, program, file: fixture[0] as string, parts: fixture.slice(1) as string[] }],
    ),
  );
  test.each(rows)('$what, of $program', ({ file, parts }) => {
    const text = readFileSync(join(ROOT_DIR, file), 'utf8');
    expect(parts.filter((part) => !text.includes(part))).toEqual([]);
  });
});
