import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Database } from '../../worker/database/database.ts';
import { findExecutor, recordConnection, registerExecutor } from '../../worker/database/executors.ts';
import { createProjectRow, recordCommit } from '../../worker/database/projects.ts';
import { type Query, query } from '../../worker/database/query.ts';
import { nextFence, recordOutcome } from '../../worker/database/run-attempts.ts';
import { queueRun, selectRunPage, selectRuns } from '../../worker/database/runs.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { executorPrincipal } from '../../worker/runs/executor-principal.ts';
import { runLimits, SEEDS } from '../../worker/runs/run-limits.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { systemPrincipal } from '../../worker/tenants/system-principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { PLAYED_IMAGE, succeeded } from '../support/played-outcome.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let server: TestDatabase;
let database: Database;
let ann: Inhabitant;
let mallory: Inhabitant;
let project: string;
let executor: string;
const NOBODY = { executor: null, leased_ago_ms: null, started_ago_ms: null };
const OVER = { executor: null, reason: 'its executor fell silent' };

beforeAll(async () => {
  server = await startTestDatabase();
  database = await server.open();
  ann = await settle(server.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(server.asOwner, { person: 'Mallory', tenant: 'Mischief' });
  executor = await joinedExecutor();
  project = await projectOf(ann);
});
afterAll(() => server.stop());

const as = async <Result>(principal: Principal, asked: Query<Result>): Promise<Result> =>
  (await withTenant(database, principal, [asked] as const))[0];

const CALL = { request: newId('request'), address: '192.0.2.8', agent: 'executor' };

async function joinedExecutor(): Promise<string> {
  const tokenSha256 = newId('request')
    .padEnd(64, '0')
    .replace(/[^0-9a-f]/g, '0')
    .slice(0, 64);
  await server.asOwner("select app.create_join_token('default', $1, interval '1 hour')", [tokenSha256]);
  const id = newId('executor');
  await database.transaction([
    registerExecutor({ tokenSha256, executor: id, name: 'host', publicKey: 'A'.repeat(43), call: CALL }),
  ]);
  const offer = {
    engine: 'gvisor' as const,
    engine_version: '',
    image: PLAYED_IMAGE,
    python: '',
    packages: [],
    absent: ['duckdb'],
    slots: 1,
  };
  await database.transaction([recordConnection(id, offer)]);
  return id;
}

async function projectOf(someone: Inhabitant): Promise<string> {
  const id = newId('project');
  const file = { blob: 'b'.repeat(40), sha256: 'f'.repeat(64), bytes: 3 };
  const commit = {
    id: 'c'.repeat(40),
    message: 'Add',
    author_name: 'a',
    author_email: 'a@b',
    authored_at: 1,
    changes: [],
  };
  const tree = { id: 'd'.repeat(40), files: { 'model.py': file }, file_count: 1, bytes: 3 };
  await withTenant(database, someone.principal, [
    createProjectRow({ id, name: 'models', description: '', restricted: false, idempotency: null }),
    recordCommit(id, null, commit, tree, null),
  ] as const);
  return id;
}

let unique = 0;
const request = (changes: Partial<Parameters<typeof queueRun>[0]> = {}) =>
  queueRun({
    run: newId('run'),
    placement: {},
    project,
    kind: 'model',
    ref: null,
    entry: 'model.py',
    scratch: null,
    data: null,
    parameters: { n: ++unique },
    limits: runLimits({}),
    seeds: SEEDS,
    queued_max: 1000,
    withheld_max: 6,
    idempotency: null,
    ...changes,
  });

async function queued(): Promise<string> {
  const answer = await as(ann.principal, request());
  if (answer.step !== 'new') throw new Error(JSON.stringify(answer));
  return answer.run;
}

describe('a queued run', () => {
  test('pins its files, its image and what the image lacks', async () => {
    const answer = await as(ann.principal, request({ parameters: { b: 1, a: [2] } }));
    expect(answer).toMatchObject({
      step: 'new',
      fence: 1,
      manifest: {
        files: [{ path: 'model.py', sha256: 'f'.repeat(64), bytes: 3 }],
        image: PLAYED_IMAGE,
        absent: ['duckdb'],
        parameters: { a: [2], b: 1 },
        seeds: { source_date_epoch: 1 },
      },
    });
  });

  test('is refused beyond the quota of its tenant, and the refusal is in the audit log', async () => {
    const answer = await as(ann.principal, request({ queued_max: 1 }));
    expect(answer).toMatchObject({ step: 'refused', reason: 'queue_full' });
    const [event] = await server.asSuperuser(
      "select outcome, details from app.audit_events where action = 'run.start' order by position desc limit 1",
    );
    expect(event).toMatchObject({
      outcome: 'refused',
      details: { code: 'limit_exceeded', reason: 'queue_full' },
    });
  });

  test('of fifty equal ones at once is one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => as(ann.principal, request({ parameters: { same: true } }))),
    );
    const runs = answers.map((answer) => (answer.step === 'refused' ? '' : answer.run));
    expect(new Set(runs).size).toBe(1);
    expect(answers.filter(({ step }) => step === 'new')).toHaveLength(1);
  });

  test('of fifty calls at once with one idempotency key is one, and none of them fails', async () => {
    const idempotency = { key: 'one-key-of-ann', tool: 'run_code', arguments_sha256: '0'.repeat(64) };
    const scratch = { sha256: 'e'.repeat(64), bytes: 1 };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        as(ann.principal, request({ kind: 'scratch', entry: '.causeway/scratch.py', scratch, idempotency })),
      ),
    );
    const runs = answers.map((answer) => (answer.step === 'refused' ? answer.reason : answer.run));
    expect(new Set(runs).size).toBe(1);
    expect(answers.filter(({ step }) => step === 'new')).toHaveLength(1);
  });

  test("in another tenant's project, and with another tenant's commit, is refused like one that is absent", async () => {
    const theirs = await as(mallory.principal, request());
    const absent = await as(mallory.principal, request({ project: newId('project') }));
    expect([theirs, absent]).toMatchObject([{ reason: 'no_project' }, { reason: 'no_project' }]);
  });
});

describe('an outcome', () => {
  test('is recorded for the open fence alone, and once', async () => {
    const run = await queued();
    const record = (fence: number, text: string) =>
      as(executorPrincipal(ann.tenantId, executor), recordOutcome(run, fence, succeeded(text), NOBODY));
    expect(await record(2, 'future')).toEqual({ step: 'elsewhere', fence: 1 });
    const races = await Promise.all(['a', 'b', 'c', 'd'].map((text) => record(1, text)));
    expect(races.filter(({ step }) => step === 'recorded')).toHaveLength(1);
    expect(races.filter(({ step }) => step === 'finished')).toHaveLength(3);
  });

  test('of an attempt that was given up is not recorded', async () => {
    const run = await queued();
    expect(await as(systemPrincipal(ann.tenantId), nextFence(run, 1, OVER))).toMatchObject({
      step: 'again',
      fence: 2,
    });
    expect(await as(systemPrincipal(ann.tenantId), nextFence(run, 1, OVER))).toMatchObject({
      step: 'elsewhere',
      fence: 2,
    });
    const stale = recordOutcome(run, 1, succeeded('stale'), NOBODY);
    expect(await as(executorPrincipal(ann.tenantId, executor), stale)).toEqual({
      step: 'elsewhere',
      fence: 2,
    });
  });

  test('is tried three times', async () => {
    const run = await queued();
    const steps = [];
    for (const fence of [1, 2, 3])
      steps.push((await as(systemPrincipal(ann.tenantId), nextFence(run, fence, OVER))).step);
    expect(steps).toEqual(['again', 'again', 'exhausted']);
  });

  test('cannot be written, changed or removed by whoever holds an API token, not even with SQL of their own', async () => {
    const run = await queued();
    expect(await as(ann.principal, recordOutcome(run, 1, succeeded('forged'), NOBODY))).toEqual({
      step: 'absent',
    });
    expect(await as(ann.principal, nextFence(run, 1, OVER))).toEqual({ step: 'absent' });
    for (const sql of [
      "update app.runs set state = 'succeeded'",
      'update app.runs set fence = 9',
      'delete from app.runs',
      'truncate app.runs',
      `insert into app.runs (run_id, state) values ('${newId('run')}', 'succeeded')`,
    ]) {
      await expect(
        as(
          ann.principal,
          query(sql, [], () => null),
        ),
      ).rejects.toMatchObject({ sqlstate: '42501' });
    }
  });
});

describe('an executor', () => {
  const enterAs = (tenant: string, id: string) =>
    as(
      executorPrincipal(tenant, id),
      query('select count(*)::int as runs from app.runs', [], (rows) => rows[0]?.runs),
    );

  test('acts for a tenant only while its pool has an unfinished run of that tenant', async () => {
    await queued();
    expect(await enterAs(ann.tenantId, executor)).toBeGreaterThan(0);
    await expect(enterAs(mallory.tenantId, executor)).rejects.toMatchObject({ reason: 'unknown' });
    await expect(enterAs(ann.tenantId, newId('executor'))).rejects.toMatchObject({ reason: 'unknown' });
  });

  test("cannot end another tenant's run", async () => {
    const run = await queued();
    const theirs = await projectOf(mallory);
    await as(mallory.principal, request({ project: theirs }));
    const forged = recordOutcome(run, 1, succeeded('forged'), NOBODY);
    expect(await as(executorPrincipal(mallory.tenantId, executor), forged)).toEqual({ step: 'absent' });
    expect(await as(systemPrincipal(mallory.tenantId), nextFence(run, 1, OVER))).toEqual({ step: 'absent' });
  });

  test('that was revoked does nothing more', async () => {
    const revoked = await joinedExecutor();
    await server.asOwner('select app.revoke_executor($1)', [revoked]);
    await expect(enterAs(ann.tenantId, revoked)).rejects.toMatchObject({ reason: 'revoked' });
    expect((await database.transaction([findExecutor(revoked)]))[0]?.alive).toBe(false);
  });
});

describe('what Mallory asks for', () => {
  test("gives no row of Ann's runs", async () => {
    const run = await queued();
    expect(await as(mallory.principal, selectRuns([run]))).toEqual([]);
    expect(
      await as(mallory.principal, selectRunPage({ project, states: null, before: null, limit: 10 })),
    ).toBeNull();
  });

  test.each(['app.executors', 'app.join_tokens', 'app.pools', 'app.platform_events'])(
    'of %s is refused',
    async (table) => {
      await expect(
        as(
          mallory.principal,
          query(`select * from ${table}`, [], () => null),
        ),
      ).rejects.toMatchObject({
        sqlstate: '42501',
      });
    },
  );
});

describe('the record of the platform', () => {
  test('names each executor that was let in, joined and was revoked, and from where', async () => {
    const joined = await joinedExecutor();
    await server.asOwner('select app.revoke_executor($1)', [joined]);
    await server.asOwner('select app.revoke_executor($1)', [joined]);
    const events = await server.asOwner('select action, target_id, address from app.list_platform_events(3)');
    expect(events).toEqual([
      { action: 'executor.revoke', target_id: joined, address: null },
      { action: 'executor.join', target_id: joined, address: '192.0.2.8' },
      { action: 'executor.invite', target_id: expect.stringMatching(/^pol_/), address: null },
    ]);
  });

  test.each([
    ['changes', "update app.platform_events set details = '{}'"],
    ['removes', 'delete from app.platform_events'],
    ['empties', 'truncate app.platform_events'],
  ])('is nothing that anybody %s, the superuser neither', async (_what, sql) => {
    await expect(server.asSuperuser(sql)).rejects.toThrow('append-only');
    await expect(server.asApp(sql)).rejects.toThrow('permission denied');
  });

  test('takes nothing from the Worker but through a join', async () => {
    await expect(server.asApp("select app.note_platform_event('a.b', 'c', 'd', '{}')")).rejects.toThrow(
      'permission denied',
    );
  });
});
