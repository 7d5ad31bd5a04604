import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Job } from '../../protocol/messages.ts';
import { countEntries } from '../support/count-entries.ts';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { dialFeed } from '../support/dial-feed.ts';
import { fireCron } from '../support/fire-cron.ts';
import { operatorOf } from '../support/fleet.ts';
import { openSession, SseReader } from '../support/mcp-session.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { forgetLease, isLeaseOnDisk } from '../support/pool-storage.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let revived: RevivedWorker | undefined;
let ann: Modeller;
let executor: PlayedExecutor;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  ann = await settleModeller(stack, 'Ann');
  executor = await playExecutor(stack, { slots: 1 });
});
afterAll(async () => {
  await executor.cut();
  await revived?.stop();
  await stop();
});

const isOnDisk = (run: string, phase: string, fence?: number) => isLeaseOnDisk(stack, run, phase, fence);

async function crash(meanwhile?: () => Promise<void>): Promise<void> {
  revived = await crashWorker(stack, meanwhile, revived?.pid);
}

/** A crash between the database's word that the next attempt is open and the pool's writing it down. */
async function crashWhileOpening(run: string, fence: number): Promise<void> {
  await crash(async () => {
    await executor.cut();
    await queryAs(stack.superuserUrl, 'update app.runs set fence = $2 where run_id = $1', [run, fence]);
  });
}

/** The attempt at a run that the database has open. */
async function openFence(run: string): Promise<unknown> {
  const [row] = await queryAs(stack.superuserUrl, 'select fence from app.runs where run_id = $1', [run]);
  return row?.fence;
}

/** A run that an executor holds, as the pool has it on disk. */
async function heldRun(n: number): Promise<{ readonly run: Job['run']; readonly fence: number }> {
  expect(await executor.connect()).toBe('welcome');
  await ann.startModel(n);
  const { run, fence } = await executor.takeJob();
  executor.send({ type: 'started', run, fence });
  await expect.poll(() => isOnDisk(run, 'running')).toBe(true);
  return { run, fence };
}

test('a whole run costs two database requests', async () => {
  const entries = await countEntries(stack);
  await executor.connect();
  for (let n = 0; n < 5; n++) {
    const running = ann.runModel(100 + n);
    const { run, fence } = await executor.takeJob();
    executor.send({ type: 'started', run, fence });
    executor.send({ type: 'outcome', run, fence, outcome: succeeded() });
    await running;
  }
  await ann.call('whoami');
  // Postgres publishes its counts within a second; another count than this one never becomes it.
  await expect.poll(entries, { interval: 200 }).toBe(5 * 2 + 1);
  await executor.stop();
});

test('a run that was written and never submitted is found by the sweep and done', async () => {
  await executor.connect();
  const first = ann.runModel(1);
  const job = await executor.takeJob();
  executor.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
  await first;
  const orphan = newId('run');
  await queryAs(
    stack.superuserUrl,
    `insert into app.runs (tenant_id, run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256, created_by, created_at)
     select tenant_id, $1, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256, created_by, now() - interval '1 minute'
       from app.runs where run_id = $2`,
    [orphan, job.run],
  );
  expect(await fireCron(stack)).toBe(200);
  const found = await executor.takeJob();
  expect([found.run, found.fence]).toEqual([orphan, 2]);
  executor.send({ type: 'outcome', run: orphan, fence: 2, outcome: succeeded('found\n') });
  expect((await ann.getRun(orphan, 10)).stdout.text).toBe('found\n');
  await executor.stop();
});

test('a call whose Worker was killed while it waited has its answer on another stream', async () => {
  await executor.connect();
  const session = await openSession(stack, ann.token);
  const call = session.post({
    id: 'waits',
    method: 'tools/call',
    params: {
      name: 'run_model',
      arguments: { project: ann.project, path: 'model.py', parameters: { n: 50 } },
    },
  });
  const { run, fence } = await executor.takeJob();
  executor.hold({ run, fence });
  executor.send({ type: 'started', run, fence });
  const stream = new SseReader(await call);
  const from = (await stream.next())?.id ?? '';
  await expect.poll(() => isOnDisk(run, 'running')).toBe(true);
  await crash(() => executor.cut());
  await expect(stream.next()).rejects.toThrow();
  expect(await executor.connect()).toBe('welcome');
  const again = new SseReader(await session.listen(from));
  expect((await again.next())?.message).toBeNull();
  executor.send({ type: 'outcome', run, fence, outcome: succeeded('not lost\n') });
  expect((await again.next())?.message).toMatchObject({
    id: 'waits',
    result: { structuredContent: { run, state: 'succeeded', stdout: { text: 'not lost\n' } } },
  });
  executor.hold();
  await executor.stop();
});

test('a Worker that is killed goes on with what was running, what it had printed, and what waited', async () => {
  await executor.connect();
  const held = await ann.startModel(2);
  const waiting = await ann.startModel(3);
  const { run, fence, capability, blobs } = await executor.takeJob();
  expect(run).toBe(held);
  executor.hold({ run, fence });
  executor.send({ type: 'started', run, fence });
  const feed = await dialFeed(stack, { run, capability });
  const printed = (sequence: number, text: string) => feed.say({ kind: 'stdout', sequence, text });
  printed(1, 'one ');
  printed(2, 'two ');
  printed(2, 'two again ');
  printed(1, 'one again ');
  printed(3, 'three');
  const shown = async () => {
    const { state, stdout } = await ann.getRun(held);
    return [state, stdout.text];
  };
  await expect.poll(shown).toEqual(['running', 'one two three']);
  await expect.poll(() => isOnDisk(held, 'running') && isOnDisk(waiting, 'queued')).toBe(true);
  // What is not confirmed yet its executor would say again.
  await expect.poll(() => feed.receipts.at(-1)).toBe(3);
  await crash(() => executor.cut());
  expect(await shown()).toEqual(['running', 'one two three']);
  expect(await executor.connect()).toBe('welcome');
  const input = `${stack.publicUrl}/executor/blobs/${blobs[0]?.sha256}`;
  const headers = { authorization: `Bearer ${blobs[0]?.capability}` };
  expect((await fetch(input, { headers })).status).toBe(200);
  executor.send({ type: 'outcome', run, fence, outcome: succeeded('survived\n') });
  expect((await ann.getRun(held, 20)).stdout.text).toBe('survived\n');
  const next = await executor.takeJob();
  expect([next.run, next.fence, next.manifest.parameters]).toEqual([waiting, 1, { n: 3 }]);
  executor.send({ type: 'outcome', run: next.run, fence: 1, outcome: succeeded() });
  expect((await ann.getRun(waiting, 20)).state).toBe('succeeded');
});

describe('a crash of everything costs a run no more than the attempt that was being made', () => {
  test('the attempt that was opened in the moment of the crash is made, not skipped', async () => {
    const { run } = await heldRun(10);
    await crashWhileOpening(run, 2);
    expect(await executor.connect()).toBe('welcome');
    const again = await executor.takeJob();
    expect(isOnDisk(run, 'leased', 2), 'what is sent is on disk').toBe(true);
    expect([again.run, again.fence, await openFence(run)]).toEqual([run, 2, 2]);
    executor.send({ type: 'outcome', run, fence: 2, outcome: succeeded('second\n') });
    expect((await ann.getRun(run, 20)).stdout.text).toBe('second\n');
    await executor.stop();
  });

  test('the word of an executor about the attempt before it counts for nothing', async () => {
    const { run, fence } = await heldRun(11);
    await crashWhileOpening(run, 2);
    executor.hold({ run, fence });
    expect(await executor.connect()).toBe('welcome');
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('first\n') });
    executor.hold();
    const again = await executor.takeJob();
    expect([again.run, again.fence]).toEqual([run, 2]);
    executor.send({ type: 'outcome', run, fence: 2, outcome: succeeded('second\n') });
    expect((await ann.getRun(run, 20)).stdout.text).toBe('second\n');
    await executor.stop();
  });

  test('an attempt that the pool had not written down goes on where it is held, and its outcome counts', async () => {
    const { run, fence } = await heldRun(14);
    await crash(async () => {
      await executor.cut();
      forgetLease(stack, run);
    });
    executor.hold({ run, fence });
    expect(await executor.connect()).toBe('welcome');
    executor.hold();
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('never known\n') });
    expect((await ann.getRun(run, 20)).stdout.text).toBe('never known\n');
    expect(await openFence(run)).toBe(1);
    await executor.stop();
  });

  test('one that another attempt has followed meanwhile does not, nor does one of another pool', async () => {
    const { run, fence } = await heldRun(15);
    await crash(async () => {
      await executor.cut();
      forgetLease(stack, run);
      await queryAs(stack.superuserUrl, 'update app.runs set fence = 2 where run_id = $1', [run]);
    });
    const stranger = await playExecutor(stack, { pool: await operatorOf(stack).makePool(null, 'elsewhere') });
    stranger.hold({ run, fence: 2 });
    executor.hold({ run, fence });
    for (const each of [stranger, executor]) {
      expect(await each.connect()).toBe('welcome');
      await each.until((message) => message.type === 'cancel' && message.run === run);
    }
    executor.hold();
    await Promise.all([stranger.stop(), executor.stop()]);
    await ann.call('cancel_run', { run });
    expect((await ann.getRun(run, 20)).state).toBe('cancelled');
    const taken = await queryAs(
      stack.superuserUrl,
      "select details from app.audit_events where target_id = $1 and action = 'run.retry' and details ->> 'executor' is not null",
      [run],
    );
    expect(taken, 'the open attempt was taken from nobody who never had it').toEqual([]);
  });

  test('a run that is cancelled while its next attempt is asked for is given to nobody', async () => {
    const { run } = await heldRun(16);
    const free = await playExecutor(stack, { slots: 1 });
    expect(await free.connect()).toBe('welcome');
    const holder = new pg.Client({ connectionString: stack.superuserUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from app.runs where run_id = $1 for update', [run]);
    await executor.stop();
    await expect.poll(() => isOnDisk(run, 'retrying')).toBe(true);
    const cancelled = ann.call('cancel_run', { run });
    await expect.poll(async () => (await ann.getRun(run)).message).toBe('Being cancelled.');
    await holder.query('rollback');
    await holder.end();
    expect((await cancelled).structured.state).toBe('cancelled');
    expect(await openFence(run)).toBe(2);
    expect(free.received.map(({ type }) => type)).not.toContain('job');
    await free.stop();
  });

  test('a run that was being cancelled is cancelled, whichever attempt is open', async () => {
    const { run } = await heldRun(12);
    await ann.call('cancel_run', { run });
    await expect
      .poll(() => executor.received.some((message) => message.type === 'cancel' && message.run === run))
      .toBe(true);
    await queryAs(stack.superuserUrl, 'update app.runs set fence = 2 where run_id = $1', [run]);
    await executor.stop();
    expect((await ann.getRun(run, 20)).state).toBe('cancelled');
  });

  test('an outcome that was being written is written after it', async () => {
    const { run, fence } = await heldRun(13);
    const holder = new pg.Client({ connectionString: stack.superuserUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from app.runs where run_id = $1 for update', [run]);
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('in flight\n') });
    await expect.poll(() => isOnDisk(run, 'recording')).toBe(true);
    await crash(async () => {
      await executor.cut();
      await holder.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'causeway_app'",
      );
      await holder.end();
    });
    expect((await ann.getRun(run, 20)).stdout.text).toBe('in flight\n');
  });
});
