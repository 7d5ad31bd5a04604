import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashSecret } from '../../cli/identity/hash-secret.ts';
import { newId } from '../../protocol/ids.ts';
import type { Database } from '../../worker/database/database.ts';
import { beginLogin } from '../../worker/database/people.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
const RULES = { accountFailures: 5, addressFailures: 50, baseSeconds: 30, maxSeconds: 3600 };
const CALL = JSON.stringify({ request: newId('request'), address: '192.0.2.7', agent: 'test' });
const ANNS_EMAIL = 'ann@acme.example';

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  await database.asOwner('select app.set_password($1, $2)', [
    ann.userId,
    await hashSecret('seven green harbours'),
  ]);
});
afterAll(() => database?.stop());

describe('the wait after so many failures', () => {
  test.each([
    [1, 0],
    [4, 0],
    [5, 30],
    [6, 60],
    [7, 120],
    [8, 240],
    [11, 1920],
    [12, 3600],
    [13, 3600],
    [2_000_000_000, 3600],
  ])('%i: %i s', async (failures, seconds) => {
    const [row] = await database.asOwner('select app.lockout_seconds($1, 5, 30, 3600) as seconds', [
      failures,
    ]);
    expect(row?.seconds).toBe(seconds);
  });
});

describe('a session is alive', () => {
  const AT = '2026-01-01T12:00:00Z';
  test.each([
    ['within both limits', null, '2026-01-01T12:00:01Z', '2026-01-02T00:00:00Z', true],
    ['not at its idle limit', null, '2026-01-01T12:00:00Z', '2026-01-02T00:00:00Z', false],
    [
      'not at its absolute limit, whatever the idle one says',
      null,
      '2026-01-03T00:00:00Z',
      '2026-01-01T12:00:00Z',
      false,
    ],
    [
      'not when it was revoked',
      '2026-01-01T11:00:00Z',
      '2026-01-01T13:00:00Z',
      '2026-01-02T00:00:00Z',
      false,
    ],
    [
      'not when it is revoked from tomorrow on',
      '2026-01-02T00:00:00Z',
      '2026-01-01T13:00:00Z',
      '2026-01-02T00:00:00Z',
      false,
    ],
  ])('%s', async (_what, revokedAt, idleUntil, expiresAt, expected) => {
    const [row] = await database.asOwner('select app.is_session_alive($1, $2, $3, $4) as alive', [
      revokedAt,
      idleUntil,
      expiresAt,
      AT,
    ]);
    expect(row?.alive).toBe(expected);
  });
});

describe('the Worker’s own role', () => {
  test.each([
    'passwords',
    'sessions',
    'login_failures',
    'authentication_events',
    'recovery_links',
    'notices',
    'invitations',
    'users',
  ])('may not read app.%s, whatever SQL it is made to run', async (table) => {
    await expect(database.asApp(`select * from app.${table}`)).rejects.toThrow('permission denied');
    await expect(database.asApp(`delete from app.${table}`)).rejects.toThrow('permission denied');
  });

  test.each([
    ['set a password', "app.set_password('usr_00000000000000000000000000', '$argon2id$v=19$m=1')"],
    [
      'make an owner',
      "app.invite_owner('ten_00000000000000000000000000', 'x', 'inv_00000000000000000000000000', 'm@evil.example', repeat('a', 64), 60)",
    ],
    ['make a recovery link', "app.create_recovery('ann@acme.example', repeat('a', 64), 60)"],
    ['open a session', "app.open_session('usr_00000000000000000000000000', 'password', '{}', '{}')"],
    ['take an attempt back', "app.take_attempt_back('email:x', 5)"],
    ['forget whose session it is', "app.user_of_session(repeat('a', 64))"],
  ])('may not %s', async (_what, call) => {
    await expect(database.asApp(`select ${call}`)).rejects.toThrow('permission denied');
  });
});

describe('no secret is stored as it is', () => {
  test.each([
    ['a password', "update app.passwords set argon2id_hash = 'seven green harbours'"],
    ['a hash of another algorithm', "update app.passwords set argon2id_hash = '$2b$12$abc'"],
    [
      'a cookie',
      "insert into app.sessions (session_id, user_id, cookie_sha256, method, idle_until, expires_at) select app.new_id('ses'), user_id, 'cookie', 'password', now(), now() from app.users limit 1",
    ],
    [
      'the secret of a link',
      "insert into app.recovery_links (link_sha256, user_id, expires_at) select 'secret', user_id, now() from app.users limit 1",
    ],
  ])('%s is refused by the table itself', async (_what, sql) => {
    await expect(database.asSuperuser(sql)).rejects.toThrow(/violates check constraint/);
  });
});

describe('attempts at one account', () => {
  // Through the Worker's own client and its pool, as the sign-in does it.
  const begin = async (email: string, addressSubject: string | null = null) => {
    const [answer] = await client.transaction([beginLogin({ email, addressSubject, rules: RULES })]);
    return answer;
  };
  const waitOf = (answer: Awaited<ReturnType<typeof begin>>) =>
    answer.ok ? 0 : Number(answer.details?.retry_after_seconds);

  test('a hundred at the same moment: five are looked at, ninety-five wait', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => begin('flood@acme.example')));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(5);
    expect(answers.filter(({ ok }) => !ok).every((answer) => waitOf(answer) > 0)).toBe(true);
  });

  test('hammering a locked account does not lengthen its wait, so Mallory cannot keep Ann out for ever', async () => {
    for (let attempt = 0; attempt < 25; attempt++) await begin('hammered@acme.example');
    const wait = waitOf(await begin('hammered@acme.example'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(30);
  });

  test('an address that is locked costs the accounts that it aims at nothing', async () => {
    for (let attempt = 0; attempt < 60; attempt++)
      await begin(`target${attempt}@acme.example`, 'address:203.0.113.5');
    expect((await begin(ANNS_EMAIL, 'address:203.0.113.5')).ok).toBe(false);
    const [row] = await database.asSuperuser(
      "select count(*)::int as counted from app.login_failures where subject = 'email:' || app.email_sha256($1)",
      [ANNS_EMAIL],
    );
    expect(row?.counted).toBe(0);
    expect(await begin(ANNS_EMAIL)).toMatchObject({
      ok: true,
      argon2id: expect.stringMatching(/^\$argon2id\$/),
    });
  });

  test('a day of quiet forgets the failures', async () => {
    for (let attempt = 0; attempt < 6; attempt++) await begin('quiet@acme.example');
    await database.asSuperuser(
      "update app.login_failures set last_at = now() - interval '25 hours', locked_until = now() - interval '24 hours'",
    );
    const answers = [];
    for (let attempt = 0; attempt < 5; attempt++) answers.push((await begin('quiet@acme.example')).ok);
    expect(answers).toEqual([true, true, true, true, true]);
  });

  test('a password that was changed while it was being verified opens no session', async () => {
    const stale = await hashSecret('seven green harbours');
    const session = JSON.stringify({
      id: newId('session'),
      cookieSha256: 'b'.repeat(64),
      idleSeconds: 60,
      absoluteSeconds: 60,
    });
    const [row] = await database.asApp(
      'select app.system_finish_login($1, null, $2, $3, null, $4, null, $5) as answer',
      [ANNS_EMAIL, RULES, stale, session, CALL],
    );
    expect(row?.answer).toEqual({ ok: false, code: 'unauthenticated' });
    expect(
      await database.asSuperuser("select from app.sessions where cookie_sha256 = repeat('b', 64)"),
    ).toEqual([]);
  });
});

test('the sweep forgets what is over and keeps what is not', async () => {
  await database.asSuperuser(`
    insert into app.login_failures values ('email:old', 3, now() - interval '2 days', now() - interval '2 days'),
                                          ('email:new', 3, now(), now());
    insert into app.sessions (session_id, user_id, cookie_sha256, method, idle_until, expires_at)
    select app.new_id('ses'), user_id, repeat(letter, 64), 'password', at, at
      from app.users, (values ('c', now() - interval '31 days'), ('d', now() - interval '1 day')) as t (letter, at)
     where email = 'ann@acme.example';
    insert into app.authentication_events (user_id, email_sha256, method, outcome, occurred_at, user_agent)
    values (null, repeat('0', 64), 'password', 'wrong', now() - interval '31 days', 'swept'),
           (null, repeat('0', 64), 'password', 'wrong', now() - interval '29 days', 'kept')`);
  await database.asApp('select app.system_sweep_people()');
  expect(
    await database.asSuperuser(
      "select subject from app.login_failures where subject in ('email:old', 'email:new')",
    ),
  ).toEqual([{ subject: 'email:new' }]);
  expect(
    await database.asSuperuser("select cookie_sha256 from app.sessions where cookie_sha256 ~ '^[cd]+$'"),
  ).toEqual([{ cookie_sha256: 'd'.repeat(64) }]);
  expect(
    await database.asSuperuser(
      "select user_agent from app.authentication_events where user_agent in ('swept', 'kept')",
    ),
  ).toEqual([{ user_agent: 'kept' }]);
});
