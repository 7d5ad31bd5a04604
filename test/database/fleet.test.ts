import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { Offer } from '../../protocol/messages.ts';
import type { Database } from '../../worker/database/database.ts';
import {
  poolsToSweep,
  recordConnection,
  registerExecutor,
  sweepPool,
} from '../../worker/database/executors.ts';
import { type Placement, placeInspection } from '../../worker/database/placement.ts';
import { createProjectRow } from '../../worker/database/projects.ts';
import { type Query, query } from '../../worker/database/query.ts';
import { nextFence, recordOutcome } from '../../worker/database/run-attempts.ts';
import { queueRun } from '../../worker/database/runs.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { runLimits, SEEDS } from '../../worker/runs/run-limits.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { systemPrincipal } from '../../worker/tenants/system-principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { PLAYED_IMAGE, succeeded } from '../support/played-outcome.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

const OFFER: Offer = {
  engine: 'gvisor',
  engine_version: '',
  image: PLAYED_IMAGE,
  python: '',
  packages: [],
  absent: [],
  slots: 1,
};

let server: TestDatabase;
let database: Database;
let ann: Inhabitant;
let mallory: Inhabitant;
let annsProject: string;
let mallorysProject: string;
let annsPool: string;

beforeAll(async () => {
  server = await startTestDatabase();
  database = await server.open();
  ann = await settle(server.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(server.asOwner, { person: 'Mallory', tenant: 'Mischief' });
  [annsProject, mallorysProject] = [await projectOf(ann), await projectOf(mallory)];
  annsPool = newId('pool');
  await server.asOwner('select app.create_pool($1, $2, $3)', [annsPool, ann.tenantId, 'cellar']);
  await joined('default', { region: 'us' });
  await joined(annsPool, { region: 'eu' });
});
afterAll(() => server.stop());

const as = async <Result>(principal: Principal, asked: Query<Result>): Promise<Result> =>
  (await withTenant(database, principal, [asked] as const))[0];

async function joined(pool: string, labels: Labels): Promise<string> {
  const tokenSha256 = createHash('sha256').update(randomBytes(16)).digest('hex');
  await server.asOwner("select app.create_join_token($1, $2, interval '1 hour')", [pool, tokenSha256]);
  const executor = newId('executor');
  const call = { request: newId('request'), address: '192.0.2.8', agent: 'executor' };
  await database.transaction([
    registerExecutor({ tokenSha256, executor, name: 'host', publicKey: 'A'.repeat(43), call }),
    recordConnection(executor, { ...OFFER, labels }),
  ]);
  return executor;
}

async function projectOf(someone: Inhabitant): Promise<string> {
  const id = newId('project');
  await as(
    someone.principal,
    createProjectRow({ id, name: 'p', description: '', restricted: false, idempotency: null }),
  );
  return id;
}

let unique = 0;
const request = (placement: Placement = {}, queuedMax = 1000) =>
  queueRun({
    run: newId('run'),
    placement,
    project: annsProject,
    kind: 'scratch',
    ref: null,
    entry: '.causeway/scratch.py',
    scratch: { sha256: createHash('sha256').update(`${++unique}`).digest('hex'), bytes: 1 },
    data: null,
    parameters: {},
    limits: runLimits({}),
    seeds: SEEDS,
    queued_max: queuedMax,
    withheld_max: 6,
    idempotency: null,
  });

async function queued(placement: Placement = {}) {
  const answer = await as(ann.principal, request(placement));
  if (answer.step !== 'new') throw new Error(JSON.stringify(answer));
  return answer;
}

const insertRun = (pool: string, someone: Inhabitant) =>
  as(
    someone.principal,
    query(
      `insert into app.runs (run_id, project_id, pool_id, kind, entry, manifest, manifest_sha256)
       values ($1, $2, $3, 'scratch', 'x.py', '{}', $4)`,
      [newId('run'), someone === ann ? annsProject : mallorysProject, pool, '0'.repeat(64)],
      () => null,
    ),
  );

describe('a run is placed', () => {
  test('in a pool of its tenant rather than of the platform, unless it asks for labels that only that has', async () => {
    expect((await queued()).place).toEqual({ pool: annsPool, own: true, labels: {} });
    expect((await queued({ labels: { region: 'us' } })).place).toMatchObject({ own: false });
    expect((await queued({ pool: 'default' })).place).toMatchObject({ own: false });
  });

  test('as a look at its data is', async () => {
    expect(await as(ann.principal, placeInspection(annsProject))).toEqual({
      ok: true,
      place: { pool: annsPool, own: true, labels: {} },
    });
  });

  test('never in a pool of another tenant, whatever SQL Mallory has the Worker run', async () => {
    expect(await as(mallory.principal, request({ pool: annsPool }))).toMatchObject({ step: 'refused' });
    await expect(insertRun(annsPool, mallory)).rejects.toMatchObject({ sqlstate: '42501' });
    expect(await insertRun('pol_00000000000000000000000000', mallory)).toBeNull();
    expect(await insertRun(annsPool, ann)).toBeNull();
  });

  test('nor in one of the platform by SQL of a member whose tenant says own hosts only', async () => {
    await server.asSuperuser("update app.runs set pool_id = $1 where tenant_id = $2 and state = 'queued'", [
      annsPool,
      ann.tenantId,
    ]);
    const place = async (on: boolean) =>
      (await server.asOwner('select app.place_tenant($1, null, null, $2) as answer', [ann.tenantId, on]))[0];
    expect(await place(true)).toEqual({ answer: { ok: true } });
    await expect(insertRun('pol_00000000000000000000000000', ann)).rejects.toMatchObject({
      sqlstate: '42501',
    });
    expect(await as(ann.principal, request({ pool: 'default' }))).toMatchObject({ reason: 'no_pool' });
    expect(await as(ann.principal, request({ labels: { region: 'us' } }))).toMatchObject({
      reason: 'no_executor',
      details: { own_hosts_only: true, offered: [{ region: 'eu' }] },
    });
    await place(false);
  });

  test('where an agent asks: no role and no token changes what the tenant says', async () => {
    for (const sql of [
      "update app.tenants set own_hosts_only = false, placement = '{}'",
      "update app.projects set placement = '{}'",
      "select app.place_tenant('x', null, '{}', false)",
      "update app.runs set labels = '{}'",
    ]) {
      await expect(
        as(
          ann.principal,
          query(sql, [], () => null),
        ),
      ).rejects.toMatchObject({ sqlstate: '42501' });
    }
    const asked = query(
      "select app.system_place_own_tenant(null, '{}', false) as answer",
      [],
      (rows) => rows[0],
    );
    expect(await as(ann.principal, asked)).toEqual({ answer: { ok: false, code: 'insufficient_role' } });
  });
});

describe('the quota of a tenant', () => {
  test('is what a recount of its unfinished runs gives, after runs that ended, were tried again and were refused', async () => {
    const [ended, again] = [await queued(), await queued()];
    const executed = { executor: null, leased_ago_ms: null, started_ago_ms: null };
    const system = systemPrincipal(ann.tenantId);
    await as(system, recordOutcome(ended.run, 1, succeeded(), executed));
    await as(system, recordOutcome(ended.run, 1, succeeded(), executed));
    await as(system, nextFence(again.run, 1, { executor: null, reason: 'x' }));
    expect(await as(ann.principal, request({}, 1))).toMatchObject({ reason: 'queue_full' });
    const [row] = await server.asSuperuser(
      "select count(*)::int as recount from app.runs where tenant_id = $1 and state = 'queued'",
      [ann.tenantId],
    );
    const usage = query("select app.tenant_usage('queued_runs')::int as used", [], (rows) => rows[0]?.used);
    expect(await as(ann.principal, usage)).toBe(row?.recount);
  });
});

describe('what is recorded of a run', () => {
  test.each([
    ['a pool says how long ago it was', 5000, 3000],
    ['a pool whose clock went back meanwhile has it now, not later', -600_000, -1],
  ])('is when by the database’s clock: %s', async (_what, leasedAgoMs, startedAgoMs) => {
    const { run } = await queued();
    const executed = { executor: null, leased_ago_ms: leasedAgoMs, started_ago_ms: startedAgoMs };
    await as(systemPrincipal(ann.tenantId), recordOutcome(run, 1, succeeded(), executed));
    const [row] = await server.asSuperuser(
      `select extract(epoch from finished_at) * 1000 - (execution ->> 'leased_at')::numeric >= $2 - 1 as leased,
              (execution ->> 'started_at')::numeric - (execution ->> 'leased_at')::numeric as between,
              (execution ->> 'started_at')::numeric <= extract(epoch from clock_timestamp()) * 1000 + 1 as past
         from app.runs where run_id = $1`,
      [run, Math.max(0, leasedAgoMs)],
    );
    expect(row).toEqual({
      leased: true,
      between: `${Math.max(0, leasedAgoMs) - Math.max(0, startedAgoMs)}`,
      past: true,
    });
  });
});

describe('a sweep', () => {
  test('tells a pool whom it may not hear and what it may have lost, and learns who is there', async () => {
    const pool = newId('pool');
    await server.asOwner('select app.create_pool($1, $2, $3)', [pool, ann.tenantId, 'attic']);
    const [here, away, tired, stolen] = [
      await joined(pool, {}),
      await joined(pool, {}),
      await joined(pool, {}),
      await joined(pool, {}),
    ];
    await server.asOwner('select app.cordon_executor($1, true)', [tired]);
    await server.asOwner('select app.revoke_executor($1)', [stolen]);
    const { run } = await queued({ pool });
    const heard = [here, tired, stolen];
    const [facts] = await database.transaction([sweepPool({ pool, heard, olderThanMs: 0, runsMax: 9 })]);
    expect(facts).toEqual({
      revoked: [stolen],
      cordoned: [tired],
      unfinished: [{ tenant: ann.tenantId, run }],
    });
    const gone = await server.asOwner(
      'select executor_id from app.list_executors() where pool_id = $1 and disconnected_at is not null',
      [pool],
    );
    expect(gone).toEqual([{ executor_id: away }]);
    expect((await database.transaction([poolsToSweep(0)]))[0]).toContain(pool);
  });

  test('an executor that was revoked is not let on, nor one whose labels are none', async () => {
    const stolen = await joined('default', {});
    await server.asOwner('select app.revoke_executor($1)', [stolen]);
    const offer = { ...OFFER, labels: {} };
    expect((await database.transaction([recordConnection(stolen, offer)]))[0]).toEqual({
      ok: false,
      reason: 'revoked',
    });
    const odd = await joined('default', {});
    const spoiled = { ...OFFER, labels: { 'no name': 'x' } };
    expect((await database.transaction([recordConnection(odd, spoiled)]))[0]).toEqual({
      ok: false,
      reason: 'labels',
    });
  });
});

describe('the record of the platform, and the audit log of the tenant whose hosts they are,', () => {
  test('name each pool, join token, cordon and revocation once', async () => {
    const pool = newId('pool');
    await server.asOwner('select app.create_pool($1, $2, $3)', [pool, ann.tenantId, 'shed']);
    const executor = await joined(pool, {});
    await server.asOwner('select app.cordon_executor($1, true)', [executor]);
    await server.asOwner('select app.cordon_executor($1, true)', [executor]);
    await server.asOwner('select app.cordon_executor($1, false)', [executor]);
    await server.asOwner('select app.revoke_executor($1)', [executor]);
    const platform = await server.asOwner('select action from app.list_platform_events(6) order by event_id');
    const tenant = await server.asSuperuser(
      `select action from app.audit_events where tenant_id = $1 and target_id = any($2) order by position`,
      [ann.tenantId, [pool, executor]],
    );
    const actions = (rows: readonly Record<string, unknown>[]) => rows.map(({ action }) => action);
    const done = ['executor.cordon', 'executor.uncordon', 'executor.revoke'];
    expect(actions(platform)).toEqual(['pool.create', 'executor.invite', 'executor.join', ...done]);
    expect(actions(tenant)).toEqual(['pool.create', 'executor.invite', ...done]);
  });
});
