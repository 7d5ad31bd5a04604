import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { readLines } from '../../cli/audit/read-lines.ts';
import { verifyExport } from '../../cli/audit/verify-export.ts';
import { type PostgresHandle, startPostgres } from '../../cli/database/start-postgres.ts';
import type { FromExecutor, Job } from '../../protocol/messages.ts';
import { asOperatorOf } from '../support/causeway.ts';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { fireCron } from '../support/fire-cron.ts';
import { judgeRuns } from '../support/judge-runs.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { isLeaseOnDisk, leasesOnDisk } from '../support/pool-storage.ts';
import { queryAs } from '../support/query-as.ts';
import { seeded, shuffled } from '../support/seeded.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { uploadBlob } from '../support/upload-blob.ts';

/**
 * A run stands at each step of a run's life, one more waits for its lease, and then something is killed: each fault is eight
 * schedules at once.
 * Worker, Postgres and blob store are real and really killed; the executor is played, so that each run stands where the
 * schedule says.
 */
const STEPS = [
  'is leased',
  'is started',
  'prints',
  'uploads a blob',
  'has uploaded',
  'has its outcome in flight',
  'has its outcome recorded',
] as const;
type Step = (typeof STEPS)[number];

/** Decides whose run stands at which step, and in which order things are said. */
const SEED = 5;
const SLOTS = STEPS.length;
const PRINT_EVERY_MS = 20;
/** Longer than the request log waits for more entries. */
const QUIET_MS = 1_500;

let stack: TestStack;
let stop: () => Promise<void>;
let worker: RevivedWorker | undefined;
let postgres: PostgresHandle | undefined;
let ann: Modeller;
let bob: Modeller;
/** What a schedule opened, to be closed after it. */
const releases: (() => unknown)[] = [];

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  [ann, bob] = await Promise.all([settleModeller(stack, 'Ann'), settleModeller(stack, 'Bob')]);
});
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});
afterAll(async () => {
  await worker?.stop();
  await postgres?.stop();
  await stop();
});

const asSuperuser = (sql: string, values: readonly unknown[] = []) =>
  queryAs(stack.superuserUrl, sql, values);

let unique = 0;
const startRun = (who: Modeller) => who.startModel(++unique);

/** The outcome of an attempt tells which one it was. */
const outcomeOf = ({ run, fence }: Lease): FromExecutor => ({
  type: 'outcome',
  run,
  fence,
  outcome: succeeded(`fence ${fence}\n`),
});
type Lease = Pick<Job, 'run' | 'fence'>;

/** Output that goes on until the schedule ends, whatever becomes of the socket. */
async function print({ run, capability }: Job): Promise<void> {
  const url = `${stack.publicUrl.replace(/^http/, 'ws')}/executor/runs/${run}/feed`;
  const feed = new WebSocket(url, { headers: { authorization: `Bearer ${capability}` } });
  feed.on('error', () => {});
  await once(feed, 'open');
  let sequence = 0;
  const printing = setInterval(() => {
    sequence++;
    feed.send(JSON.stringify({ kind: 'stdout', sequence, at_ms: 0, text: 'x' }), () => {});
  }, PRINT_EVERY_MS);
  releases.push(() => {
    clearInterval(printing);
    feed.terminate();
  });
}

/** Half of a blob; the other half never comes. */
async function uploadHalf({ capability }: Job): Promise<void> {
  const bytes = randomBytes(100_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const uploading = request(`${stack.publicUrl}/executor/blobs/${sha256}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${capability}`, 'content-length': bytes.length },
  });
  uploading.on('error', () => {});
  releases.push(() => uploading.destroy());
  await new Promise<void>((resolve) => uploading.write(bytes.subarray(0, bytes.length / 2), () => resolve()));
}

/** Holds the run's row, so that its outcome stands between the pool and the database until a kill or the end. */
async function holdRow(run: string): Promise<void> {
  const holder = new pg.Client({ connectionString: stack.superuserUrl });
  holder.on('error', () => {});
  await holder.connect();
  releases.push(() => holder.end().catch(() => {}));
  await holder.query('begin');
  await holder.query('select from app.runs where run_id = $1 for update', [run]);
  letRowsGo = () => holder.end().catch(() => {});
}
let letRowsGo: () => Promise<void>;

const waitingBackends = () =>
  asSuperuser(
    "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );

async function bring(executor: PlayedExecutor, job: Job, step: Step): Promise<void> {
  if (step === 'is leased') return;
  executor.send({ type: 'started', run: job.run, fence: job.fence });
  if (step === 'prints') await print(job);
  if (step === 'uploads a blob') await uploadHalf(job);
  if (step === 'has uploaded') await uploadBlob(stack, job.capability, randomBytes(1000));
  if (step === 'has its outcome in flight') {
    await holdRow(job.run);
    executor.send(outcomeOf(job));
    await expect.poll(waitingBackends).toHaveLength(1);
    await expect.poll(() => isLeaseOnDisk(stack, job.run, 'recording')).toBe(true);
  }
  if (step === 'has its outcome recorded') {
    executor.send(outcomeOf(job));
    await executor.until((message) => message.type === 'recorded' && message.run === job.run);
  }
}

/** Does every job that comes, as one who just began would. */
async function serve(executor: PlayedExecutor): Promise<never> {
  for (;;) {
    const job = await executor.takeJob();
    executor.send({ type: 'started', run: job.run, fence: job.fence });
    executor.send(outcomeOf(job));
  }
}

/** The executor dials again, as one who still holds these runs. */
async function comeBack(executor: PlayedExecutor, holding: readonly Job[]): Promise<void> {
  executor.hold(...holding);
  expect(await executor.connect()).toBe('welcome');
  executor.hold();
}

async function killWorker(executor: PlayedExecutor): Promise<void> {
  worker = await crashWorker(stack, () => executor.cut(), worker?.pid);
}

/** Each ends with an executor that is connected and, where it was killed itself, knows nothing of its runs. */
const FAULTS: Readonly<Record<string, (executor: PlayedExecutor, jobs: readonly Job[]) => Promise<void>>> = {
  'the Worker is killed': async (executor, jobs) => {
    await killWorker(executor);
    await comeBack(executor, jobs);
  },
  'the Worker and the executor are killed together': async (executor) => {
    await killWorker(executor);
    await comeBack(executor, []);
  },
  'the backend that takes an outcome is killed': async () => {
    const [{ pid } = {}] = await waitingBackends();
    process.kill(Number(pid), 'SIGKILL');
  },
  'Postgres is killed': async () => {
    const port = Number(new URL(stack.superuserUrl).port);
    process.kill(postgres?.pid ?? stack.pids.postgres ?? Number.NaN, 'SIGKILL');
    postgres = await startPostgres({ stateFolder: join(stack.stateDir, 'postgres'), port, fsync: false });
  },
  'the executor’s socket is cut': async (executor, jobs) => {
    await executor.cut();
    await comeBack(executor, jobs);
  },
  'the executor is killed': async (executor) => {
    await executor.cut();
    await comeBack(executor, []);
  },
};

test.each(Object.entries(FAULTS))(
  'a run at any step has one outcome, by the holder of its fence, when %s',
  async (_what, strike) => {
    const random = seeded(SEED);
    const executor = await playExecutor(stack, { slots: SLOTS });
    releases.push(() => executor.stop());
    expect(await executor.connect()).toBe('welcome');
    const leased = await Promise.all(shuffled([ann, ann, ann, ann, bob, bob, bob], random).map(startRun));
    const jobs: Job[] = [];
    while (jobs.length < leased.length) jobs.push(await executor.takeJob());
    // A tenant holds four slots at most: one of these waits, also when a run of hers has ended.
    const waiting = [await startRun(ann), await startRun(ann)];
    const runs = [...leased, ...waiting];
    const steps = shuffled(STEPS, random);
    for (const [n, job] of jobs.entries()) await bring(executor, job, steps[n] ?? 'is leased');

    await strike(executor, jobs);
    await letRowsGo();
    void serve(executor);
    // It says all of it, twice and in any order: what it held ends, what it lost is a late word.
    for (const job of shuffled([...jobs, ...jobs], random)) executor.send(outcomeOf(job));

    await expect.poll(() => unfinishedAfterSweep(runs)).toEqual([]);
    await judge(runs);
  },
);

/** Lets the minute pass that the sweep gives a pool to know its runs, fires it, and looks what is left. */
async function unfinishedAfterSweep(runs: readonly string[]): Promise<unknown[]> {
  await asSuperuser("update app.runs set created_at = now() - interval '2 minutes' where run_id = any($1)", [
    runs,
  ]);
  await fireCron(stack);
  return asSuperuser('select run_id from app.runs where run_id = any($1) and outcome is null', [runs]);
}

/** What must hold whatever happened. */
async function judge(runs: readonly string[]): Promise<void> {
  const ended = await asSuperuser(
    `select state, fence, outcome -> 'stdout' ->> 'inline' as said from app.runs where run_id = any($1)`,
    [runs],
  );
  for (const { state, fence, said } of ended)
    expect([state, said]).toEqual(['succeeded', `fence ${fence}\n`]);
  await judgeRuns(stack, runs);
}

describe('when Postgres dies before it has written what it committed', () => {
  /** Earlier calls leave a commit about a second later (the request log), which would write all that was committed before it. */
  async function untilNobodyWrites(): Promise<void> {
    const written = async () => (await asSuperuser('select pg_current_wal_insert_lsn() as at'))[0]?.at;
    const isQuiet = async () => {
      const before = await written();
      await delay(QUIET_MS);
      return (await written()) === before;
    };
    await expect.poll(isQuiet).toBe(true);
  }

  /** Nothing but a commit that waits for the disk writes from now on; the kill that this returns loses the rest. */
  async function holdBackWrites(): Promise<() => Promise<void>> {
    await untilNobodyWrites();
    const [{ pid } = {}] = await asSuperuser(
      "select pid from pg_stat_activity where backend_type = 'walwriter'",
    );
    process.kill(Number(pid), 'SIGSTOP');
    return async () => {
      process.kill(Number(pid), 'SIGKILL');
      const others = "select from pg_stat_activity where backend_type = 'walwriter' and pid <> $1";
      await expect.poll(() => asSuperuser(others, [pid]).catch(() => [])).toHaveLength(1);
    };
  }
  const stateOf = (run: string) => asSuperuser('select state from app.runs where run_id = $1', [run]);

  test('a run whose caller was told that it is active is still there', async () => {
    const executor = await playExecutor(stack);
    releases.push(() => executor.stop());
    await executor.connect();
    const die = await holdBackWrites();
    const { structured } = await ann.runModel(++unique, { wait_seconds: 0.05 });
    await die();
    expect(structured.state).toBe('leased');
    expect(await stateOf(structured.run)).toEqual([{ state: 'queued' }]);
    executor.send(outcomeOf(await executor.takeJob()));
    await expect.poll(() => unfinishedAfterSweep([structured.run])).toEqual([]);
    await judge([structured.run]);
  });

  test('one whose caller still waits is gone with its events, and its caller is told so', async () => {
    const executor = await playExecutor(stack);
    releases.push(() => executor.stop());
    await executor.connect();
    const die = await holdBackWrites();
    const waiting = ann.runModel(++unique, { wait_seconds: 50 });
    const job = await executor.takeJob();
    await die();
    expect(await stateOf(job.run)).toEqual([]);
    expect(await asSuperuser('select from app.audit_events where target_id = $1', [job.run])).toEqual([]);
    executor.send(outcomeOf(job));
    expect((await waiting).error).toMatchObject({ code: 'not_found' });
    await expect.poll(() => leasesOnDisk(stack)).toEqual([]);
  });
});

describe('when the blob store fails', () => {
  test('an upload is refused as a fault of ours, and is taken when the store is back', async () => {
    const carol = await settleModeller(stack, 'Carol');
    const executor = await playExecutor(stack);
    releases.push(() => executor.stop());
    await executor.connect();
    const run = await startRun(carol);
    const job = await executor.takeJob();
    const folder = join(stack.stateDir, 'blobs', carol.tenant);
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(folder, 'where a folder should be');
    const bytes = randomBytes(1000);
    expect((await uploadBlob(stack, job.capability, bytes)).status).toBeGreaterThanOrEqual(500);
    rmSync(folder);
    expect((await uploadBlob(stack, job.capability, bytes)).status).toBe(204);
    executor.send(outcomeOf(job));
    await expect.poll(() => unfinishedAfterSweep([run])).toEqual([]);
    await judge([run]);
  });
});

test('the audit log of all these runs is whole and verifies', async () => {
  for (const { tenant } of [ann, bob]) {
    const file = join(stack.stateDir, `${tenant}.jsonl`);
    const exported = await asOperatorOf(
      stack,
      'audit',
      'export',
      '--tenant',
      tenant,
      '--out',
      file,
      '--json',
    );
    expect(JSON.parse(exported.stdout)).toMatchObject({ tenant, uncovered: 0 });
    const entries = readFileSync(file, 'utf8').match(/run\.finish/g) ?? [];
    const [runs] = await asSuperuser('select count(*)::integer as ended from app.runs where tenant_id = $1', [
      tenant,
    ]);
    expect(entries).toHaveLength(Number(runs?.ended));
    expect(await verifyExport(readLines(file), { key: null })).toMatchObject({ ok: true, tenant });
  }
});
