import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withAuditOperator } from '../../cli/database/audit-operator.ts';
import { type Database, DatabaseError } from '../../worker/database/database.ts';
import { forgetRefusals, noteRefusals, type Refused } from '../../worker/database/refusals.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
});
afterAll(() => database.stop());

const REFUSED: readonly Refused[] = [{ route: 'ALL /mcp', status: 401, address: '192.0.2.7', count: 5 }];
const note = async (total: number) => (await client.transaction([noteRefusals(REFUSED, total)] as const))[0];
const rows = () => withAuditOperator(database.ownerUrl, (operator) => operator.listRefusals(10));

test('the log of the platform takes one row a minute of what strangers were refused, also of isolates that race', async () => {
  const [first, second] = [new pg.Client(database.appUrl), new pg.Client(database.appUrl)];
  await Promise.all([first.connect(), second.connect()]);
  try {
    const noteBy = async (isolate: pg.Client): Promise<number | null> => {
      const { text, params } = noteRefusals(REFUSED, 5);
      return (await isolate.query(text, [...params])).rows[0]?.wait;
    };
    await first.query('begin');
    expect(await noteBy(first)).toBeNull();
    // The other comes before the first has committed, and waits for it.
    const other = noteBy(second);
    const isWaiting = expect.poll(() =>
      database.asSuperuser(
        "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
      ),
    );
    await Promise.race([other, isWaiting.toHaveLength(1)]);
    await first.query('commit');
    const wait = await other;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
  } finally {
    await Promise.all([first.end(), second.end()]);
  }
  expect(await rows()).toMatchObject([{ refused: REFUSED }]);
  expect(await note(9)).not.toBeNull();
  await expect(
    database.asOwner("update app.platform_events set occurred_at = now() - interval '1 minute'"),
    'nobody dates it back',
  ).rejects.toThrow();
});

describe('of the log of the platform', () => {
  const add = (action: string, age: string) =>
    database.asSuperuser(
      `insert into app.platform_events (action, target_kind, details, occurred_at)
       values ($1, 'deployment', '{"total": 1, "by": []}', now() - $2::interval)`,
      [action, age],
    );
  const kept = () =>
    database.asSuperuser(
      `select action, floor(extract(epoch from now() - occurred_at) / 86400)::int as days from app.platform_events
        where occurred_at < now() - interval '1 day' order by 1, 2`,
    );
  beforeAll(async () => {
    for (const days of [399, 401]) {
      await add('access.refuse', `${days} days`);
      await add('executor.revoke', `${days} days`);
    }
  });

  test.each(['causeway_owner', 'causeway_keeper'])(
    'nobody removes what has to stay, %s neither',
    async (role) => {
      const holder = new pg.Client(database.superuserUrl);
      await holder.connect();
      try {
        for (const row of [
          "action = 'executor.revoke' and occurred_at < now() - interval '400 days'",
          "action = 'access.refuse' and occurred_at > now() - interval '400 days'",
          ...(role === 'causeway_owner' ? ["action = 'access.refuse'"] : []),
        ]) {
          const before = await kept();
          await holder.query('begin');
          await holder.query(`set local role ${role}`);
          await holder.query(`delete from app.platform_events where ${row}`).catch(() => null);
          await holder.query('commit');
          expect(await kept(), row).toEqual(before);
        }
      } finally {
        await holder.end();
      }
    },
  );

  test.each([
    "action = 'executor.revoke'",
    "action = 'access.refuse' and occurred_at > now() - interval '400 days'",
    "action = 'access.refuse' and occurred_at < now() - interval '400 days'",
  ])('the superuser removes nothing either: %s', async (row) => {
    await expect(database.asSuperuser(`delete from app.platform_events where ${row}`)).rejects.toThrow(
      'append-only',
    );
  });

  test.each(['update app.platform_events set target_id = null', 'truncate app.platform_events'])(
    'the function that forgets opens no other way: %s',
    async (sql) => {
      await expect(database.asSuperuser(`set local role causeway_keeper; ${sql}`)).rejects.toThrow(
        /append-only|permission denied/,
      );
    },
  );

  test('refusals of more than 400 days ago go, and nothing else', async () => {
    expect(await client.transaction([forgetRefusals()] as const)).toEqual([1]);
    expect(await kept()).toEqual([
      { action: 'access.refuse', days: 399 },
      { action: 'executor.revoke', days: 399 },
      { action: 'executor.revoke', days: 401 },
    ]);
    expect(await client.transaction([forgetRefusals()] as const)).toEqual([0]);
  });
});

test('Mallory, inside a call, writes nothing into it, and has nothing of it forgotten', async () => {
  const mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  for (const asked of [noteRefusals(REFUSED, 1), forgetRefusals()])
    await expect(withTenant(client, mallory.principal, [asked] as const)).rejects.toThrow(DatabaseError);
});
