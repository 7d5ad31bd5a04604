import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Database } from '../../worker/database/database.ts';
import { expireRows, setRetention, tenantsToExpire } from '../../worker/database/retention.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { LONG, sha256Of } from '../support/aged-records.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { teamsOf } from '../support/retention-teams.ts';

let database: TestDatabase;
let client: Database;
let teams: ReturnType<typeof teamsOf>;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  teams = teamsOf(database, client);
});
afterAll(() => database.stop());

describe('what a run printed and left', () => {
  test('goes when its time is over, and not before, nor while it runs, nor of another tenant', async () => {
    const acme = await teams.settleTeam('Acme');
    const bobco = await teams.settleTeam('Bobco');
    await acme.keep({ logs: 30, outputs: 60 });
    const made = { printed: LONG, left: ['table', 'chart'] };
    const [old, middle, young, active] = await Promise.all([
      ...[acme.run(61, made), acme.run(31, made), acme.run(29, made), acme.run(null)],
    ]);
    const bobs = await bobco.run(400, made);
    const before = await bobco.outcomeOf(bobs);
    const untouched = await acme.outcomeOf(young as string);

    expect(await acme.expire()).toBe(true);
    expect(await bobco.expire()).toBe(true);
    const today = new Date().toISOString().slice(0, 10);
    const gone = await acme.outcomeOf(old as string);
    expect(gone).toMatchObject({
      state: 'succeeded',
      message: `Ended as succeeded. Its log was kept until ${today}.`,
      stdout: { inline: '[expired]', sha256: null, bytes: LONG.length },
      outputs: [],
      expired: { log_at: today, outputs_at: today },
    });
    expect((gone.expired as { outputs: unknown }).outputs).toEqual(
      ['table', 'chart'].map((text) => ({
        ...{ name: `${text}.txt`, bytes: text.length, media_type: 'text/plain', digest: sha256Of(text) },
      })),
    );
    expect(await acme.outcomeOf(middle as string)).toMatchObject({
      stdout: { inline: '[expired]' },
      outputs: [{ name: 'table.txt' }, { name: 'chart.txt' }],
    });
    expect(await acme.outcomeOf(young as string)).toEqual(untouched);
    expect(await acme.outcomeOf(active as string)).toBeNull();
    expect(await bobco.outcomeOf(bobs)).toEqual(before);
    expect(await acme.events()).toEqual([
      {
        ...{ action: 'tenant.expire', credential_kind: 'system' },
        details: {
          removed: { logs: 2, outputs: 1 },
          retention: expect.objectContaining({ logs: { days: 30, is_own: true } }),
        },
      },
    ]);
  });

  test('goes in as many turns as it takes, once, and says nothing where nothing was', async () => {
    const team = await teams.settleTeam('Turns');
    await team.keep({ logs: 1, outputs: 1 });
    for (let n = 0; n < 5; n++) await team.run(2, { printed: `${n} ${LONG}`, left: [`left ${n}`] });
    await team.run(2);
    let turns = 1;
    while (!(await teams.ask(expireRows(team.tenantId, 2)))) turns++;
    expect(turns).toBe(4);
    const removed = (await team.events()).map(
      ({ details }) => (details as { removed: { logs: number; outputs: number } }).removed,
    );
    for (const kind of ['logs', 'outputs'] as const) {
      expect(Math.max(...removed.map((each) => each[kind]))).toBe(2);
      expect(removed.reduce((sum, each) => sum + each[kind], 0)).toBe(5);
    }
    expect(await team.expire()).toBe(true);
    expect(await team.events()).toHaveLength(3);
    const [quiet] = await teams.seen(
      "select count(*)::int as n from app.runs where tenant_id = $1 and log_expired and not outcome ? 'expired'",
      [team.tenantId],
    );
    expect(quiet).toEqual({ n: 1 });
  });

  test('is there as before where the Worker or the database dies before its transaction ends', async () => {
    const team = await teams.settleTeam('Killed');
    await team.keep({ logs: 1, outputs: 1, runs: 1 });
    const run = await team.run(2, { printed: LONG, left: ['table'] });
    const before = await team.outcomeOf(run);
    const dying = new pg.Client({ connectionString: database.appUrl });
    dying.on('error', () => {});
    await dying.connect();
    await dying.query('begin');
    await dying.query('select app.system_expire_rows($1, 100)', [team.tenantId]);
    const { rows } = await dying.query('select pg_backend_pid() as pid');
    await teams.seen('select pg_terminate_backend($1)', [rows[0].pid]);
    expect(await team.outcomeOf(run)).toEqual(before);
    expect(await team.waiting(LONG, 'table')).toEqual([]);
    expect(await team.events()).toEqual([]);
    await expect.poll(() => team.expire().then(() => team.isThere('runs', 'run_id', run))).toBe(false);
    expect(await team.waiting(LONG, 'table')).toEqual([LONG, 'table']);
  });
});

describe('the record of a run', () => {
  test('goes with all that it named, but not while it is active or a snapshot of data comes from it', async () => {
    const team = await teams.settleTeam('Records');
    await team.keep({ runs: 100 });
    const [gone, source, young, active] = await Promise.all([
      team.run(101, { printed: LONG, left: ['table'], code: 'of a script' }),
      team.run(101, { left: ['imported'] }),
      team.run(99),
      team.run(null),
    ]);
    await team.superseded('imported', 1, { kind: 'run', run: source, name: 'imported.txt' });
    await team.expire();
    const there = await Promise.all(
      [gone, source, young, active].map((run) => team.isThere('runs', 'run_id', run)),
    );
    expect(there).toEqual([false, true, true, true]);
    expect(await team.waiting(LONG, 'table', 'of a script', 'imported')).toEqual([
      ...[LONG, 'table', 'of a script'],
    ]);
  });
});

describe('a snapshot of data', () => {
  test('goes when it has not been the current one for its time, unless a run that is kept had it', async () => {
    const team = await teams.settleTeam('Snapshots');
    await team.keep({ snapshots: 10 });
    await team.superseded('old', 11);
    await team.superseded('young', 9);
    await team.superseded('had by a run', 11);
    await team.run(500, { data: ['had by a run'] });
    await team.expire();
    const there = (text: string) => team.isThere('data_snapshots', 'sha256', sha256Of(text));
    expect(await Promise.all(['old', 'young', 'had by a run'].map(there))).toEqual([false, true, true]);
    expect(await team.isThere('data_snapshots', 'sha256', 'a'.repeat(64))).toBe(true);
    expect(await team.waiting('old', 'young', 'had by a run')).toEqual(['old']);
    expect((await team.events()).map(({ details }) => details)).toMatchObject([
      { removed: { snapshots: 1 } },
    ]);
  });

  test('counts its time from when its source came to mean another, and not while it is current again', async () => {
    const team = await teams.settleTeam('Again');
    const [current, old] = ['a'.repeat(64), sha256Of('first')];
    await team.superseded('first', 500);
    const become = (sha256: string) =>
      teams.seen('update app.data_sources set current_sha256 = $2 where tenant_id = $1', [
        team.tenantId,
        sha256,
      ]);
    const since = async () =>
      Object.fromEntries(
        (
          await teams.seen('select sha256, superseded_at from app.data_snapshots where tenant_id = $1', [
            team.tenantId,
          ])
        ).map((row) => [row.sha256, row.superseded_at]),
      );
    await become(old);
    expect(await since()).toMatchObject({ [old]: null, [current]: expect.any(Date) });
    await team.keep({ snapshots: 1 });
    await team.expire();
    expect(Object.keys(await since()).sort()).toEqual([current, old].sort());
    await become(current);
    expect(await since()).toMatchObject({ [current]: null, [old]: expect.any(Date) });
  });

  test('keeps the upload that it came from; one that nothing was made of goes', async () => {
    const team = await teams.settleTeam('Uploads');
    await team.keep({ snapshots: 10 });
    const [used, unused, young] = await Promise.all([
      ...[team.upload('used', 50), team.upload('unused', 50), team.upload('young', 5)],
    ]);
    await team.superseded('used', 5, { kind: 'upload', upload: used });
    await team.expire();
    const there = (upload = '') => team.isThere('uploads', 'upload_id', upload);
    expect(await Promise.all([used, unused, young].map(there))).toEqual([true, false, true]);
  });

  test('of a run or an upload that went while it was imported is not recorded', async () => {
    const team = await teams.settleTeam('Origins');
    for (const origin of [
      { kind: 'run', run: newId('run'), name: 'x' },
      { kind: 'upload', upload: newId('upload') },
    ])
      await expect(team.superseded('late', 0, origin)).rejects.toThrow('has expired');
  });
});

describe('for how long', () => {
  test('is the platform’s default where a tenant said nothing, and that counts from when it was set', async () => {
    const team = await teams.settleTeam('Defaults');
    const run = await team.run(400, { printed: LONG, left: ['table'] });
    await team.expire();
    expect(await team.outcomeOf(run)).not.toHaveProperty('expired');
    const since = (days: number) =>
      teams.seen(
        'update app.retention_defaults set changed_at = clock_timestamp() - make_interval(days => $1)',
        [days],
      );
    await since(89);
    await team.expire();
    expect(await team.outcomeOf(run)).not.toHaveProperty('expired');
    await since(91);
    const kept = await teams.settleTeam('Keeper');
    await kept.keep({ logs: null, outputs: null });
    const keptRun = await kept.run(400, { printed: LONG, left: ['table'] });
    await Promise.all([team.expire(), kept.expire()]);
    expect(await team.outcomeOf(run)).toHaveProperty('expired');
    expect(await team.isThere('runs', 'run_id', run)).toBe(true);
    expect(await kept.outcomeOf(keptRun)).not.toHaveProperty('expired');
    await kept.keep({ logs: 'default' });
    await kept.expire();
    expect(await kept.outcomeOf(keptRun)).toMatchObject({ expired: { log_at: expect.any(String) } });
    expect(await kept.outcomeOf(keptRun)).toMatchObject({ outputs: [{ name: 'table.txt' }] });
    await database.asOwner('select app.set_retention_defaults($1)', [JSON.stringify({ logs: 10 })]);
    const [row] = await teams.seen(
      "select retain_days, changed_at > clock_timestamp() - interval '1 hour' as anew from app.retention_defaults where kind = 'logs'",
    );
    expect(row).toEqual({ retain_days: 10, anew: true });
    await database.asOwner('select app.set_retention_defaults($1)', [JSON.stringify({ logs: 90 })]);
  });

  test.each([
    ['nothing', { logs: 0 }],
    ['half a day', { outputs: 1.5 }],
    ['a text', { runs: 'long' }],
    ['what there is not', { everything: 1 }],
    ['less of the audit log than 30 days', { audit: 29 }],
  ])('is not %s', async (_title, wish) => {
    const team = await teams.settleTeam('Bounds');
    await expect(team.keep(wish)).rejects.toThrow();
  });

  test('is said by no token and by nothing that Mallory injects, not even of an owner', async () => {
    const team = await teams.settleTeam('Tokens');
    expect(await withTenant(client, team.principal, [setRetention({ logs: 1 })])).toEqual([
      { ok: false, code: 'insufficient_role' },
    ]);
    for (const sql of [
      "update app.retention set days = '{}'",
      'select from app.retention',
      "select app.set_retention('T', '{}')",
      "select app.change_retention('T', '{}')",
      "select app.system_expire_rows('T', 10)",
      "select app.system_keep_blob('T', 'x')",
      "select * from app.system_claim_blobs('T', 10)",
      "select * from app.system_listing_due('T')",
      "select app.system_judge_blobs('T', '{}', null)",
      "select app.system_settle_removed('T', '{}', '{}')",
      'select * from app.system_tenants_to_expire(10)',
      "update app.data_snapshots set superseded_at = '-infinity'",
    ]) {
      const injected = { text: sql.replace('T', team.tenantId), params: [], read: (rows: unknown) => rows };
      await expect(withTenant(client, team.principal, [injected]), sql).rejects.toMatchObject({
        sqlstate: '42501',
      });
    }
    expect(await teams.seen('select from app.retention where tenant_id = $1', [team.tenantId])).toEqual([]);
  });

  test('binds the role that removes: it removes nothing whose time is not over, whatever it is made to run', async () => {
    const team = await teams.settleTeam('Bound');
    await team.keep({ runs: 10, snapshots: 10 });
    await Promise.all([team.run(9), team.run(null), team.upload('young', 9), team.superseded('young', 9)]);
    const count = async () =>
      teams.seen(
        `select (select count(*)::int from app.runs where tenant_id = $1) as runs,
                (select count(*)::int from app.uploads where tenant_id = $1) as uploads,
                (select count(*)::int from app.data_snapshots where tenant_id = $1) as snapshots`,
        [team.tenantId],
      );
    const before = await count();
    for (const table of ['runs', 'uploads', 'data_snapshots'])
      await database.asOwner(
        `begin; set local role causeway_keeper; delete from app.${table} where tenant_id = '${team.tenantId}'; commit`,
      );
    expect(await count()).toEqual(before);
  });

  test('is heeded once a day, and of a tenant that is suspended not at all', async () => {
    const team = await teams.settleTeam('Daily');
    await team.keep({ logs: 1 });
    const run = await team.run(2, { printed: LONG });
    const isDue = async () => (await teams.ask(tenantsToExpire(1000))).includes(team.tenantId);
    const status = (to: string) =>
      teams.seen('update app.tenants set status = $2 where tenant_id = $1', [team.tenantId, to]);
    await status('suspended');
    expect(await isDue()).toBe(false);
    await team.expire();
    expect(await team.outcomeOf(run)).not.toHaveProperty('expired');
    await status('active');
    expect(await isDue()).toBe(true);
    await team.expire();
    expect(await team.outcomeOf(run)).toHaveProperty('expired');
    expect(await isDue()).toBe(false);
    await teams.seen(
      "update app.retention_sweeps set swept_at = swept_at - interval '25 hours' where tenant_id = $1",
      [team.tenantId],
    );
    expect(await isDue()).toBe(true);
  });
});
