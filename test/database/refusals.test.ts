import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withAuditOperator } from '../../cli/database/audit-operator.ts';
import { type Database, DatabaseError } from '../../worker/database/database.ts';
import { noteRefusals, type Refused } from '../../worker/database/refusals.ts';
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

test('Mallory, inside a call, writes nothing into it', async () => {
  const mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  await expect(withTenant(client, mallory.principal, [noteRefusals(REFUSED, 1)] as const)).rejects.toThrow(
    DatabaseError,
  );
});
