import { readFileSync } from 'node:fs';
import { join as pathOf } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Job, REFUSAL_CODES } from '../../protocol/messages.ts';
import { type Modeller, type RunReply, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { isLeaseOnDisk } from '../support/pool-storage.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** This file plays the executors, so that it decides when they die and what they say twice; all else is real. */
let stack: TestStack;
let stop: () => Promise<void>;
let ann: Modeller;
let bob: Modeller;
let executors: PlayedExecutor[] = [];

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  ann = await settleModeller(stack, 'Ann');
  bob = await settleModeller(stack, 'Bob');
});
afterAll(() => stop());
afterEach(async () => {
  await Promise.all(executors.map((executor) => executor.stop()));
  executors = [];
});

async function join(slots = 1): Promise<PlayedExecutor> {
  const executor = await playExecutor(stack, { slots });
  executors.push(executor);
  expect(await executor.connect()).toBe('welcome');
  return executor;
}

const finishes = (run: string) =>
  queryAs(
    stack.superuserUrl,
    "select details from app.audit_events where action = 'run.finish' and target_id = $1",
    [run],
  );

/** Plays the next job to its end and waits until its run has ended so. */
async function finish(executor: PlayedExecutor, run: string): Promise<Job> {
  const job = await executor.takeJob();
  expect(job.run).toBe(run);
  executor.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
  expect((await ann.getRun(run, 20)).state).toBe('succeeded');
  return job;
}

let unique = 0;
const next = () => ++unique;
describe('exactly one outcome of a run is recorded', () => {
  test('an outcome that is sent twice is recorded once and answered twice', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const { run, fence } = await executor.takeJob();
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('first\n') });
    expect((await running).structured.stdout.text).toBe('first\n');
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('second\n') });
    await executor.until(() => executor.received.filter(({ type }) => type === 'recorded').length === 2);
    expect((await ann.getRun(run)).stdout.text).toBe('first\n');
    expect(await finishes(run)).toHaveLength(1);
  });

  test('an executor that was cut off and comes back goes on with what it held', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const { run, fence } = await executor.takeJob();
    executor.hold({ run, fence });
    await executor.cut();
    expect(await executor.connect()).toBe('welcome');
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('held\n') });
    expect((await running).structured.stdout.text).toBe('held\n');
    expect(executor.received.filter(({ type }) => type === 'job')).toHaveLength(1);
    executor.hold();
  });

  test('an executor that restarted gets its run again under the next fence, and the word of the first attempt counts for nothing', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const first = await executor.takeJob();
    await executor.cut();
    expect(await executor.connect()).toBe('welcome');
    const second = await executor.takeJob();
    expect([second.run, second.fence]).toEqual([first.run, first.fence + 1]);
    executor.send({ type: 'outcome', run: first.run, fence: first.fence, outcome: succeeded('stale\n') });
    expect(await executor.until(({ type }) => type === 'recorded')).toEqual({
      type: 'recorded',
      run: first.run,
      fence: first.fence,
      code: 'old_fence',
    });
    const logged = () => readFileSync(pathOf(stack.stateDir, 'logs', 'worker.log'), 'utf8');
    await expect
      .poll(logged)
      .toMatch(new RegExp(`"code":"old_fence","run":"${first.run}","fence":${first.fence}`));
    executor.send({ type: 'outcome', run: second.run, fence: second.fence, outcome: succeeded('fresh\n') });
    expect((await running).structured.stdout.text).toBe('fresh\n');
    expect(await finishes(first.run)).toHaveLength(1);
  });

  test('a run whose executor died is done by another when lease and grace are over', async () => {
    const doomed = await join();
    const running = ann.runModel(next(), { wait_seconds: 50 });
    const first = await doomed.takeJob();
    await doomed.cut();
    const healthy = await join();
    const second = await healthy.takeJob();
    expect([second.run, second.fence]).toEqual([first.run, 2]);
    healthy.send({ type: 'outcome', run: second.run, fence: 2, outcome: succeeded('saved\n') });
    expect((await running).structured.stdout.text).toBe('saved\n');
    expect(await doomed.connect()).toBe('welcome');
    doomed.send({ type: 'outcome', run: first.run, fence: 1, outcome: succeeded('too late\n') });
    expect(await doomed.until(({ type }) => type === 'recorded')).toMatchObject({
      fence: 1,
      code: 'old_fence',
    });
    expect((await ann.getRun(first.run)).stdout.text).toBe('saved\n');
    expect(await finishes(first.run)).toHaveLength(1);
  });

  test('a run that three executors lost is lost, and says so', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    for (const fence of [1, 2, 3]) {
      expect((await executor.takeJob()).fence).toBe(fence);
      await executor.cut();
      expect(await executor.connect()).toBe('welcome');
    }
    const { structured } = await running;
    expect(structured.state).toBe('lost');
    expect(structured.message).toContain('3 executors tried it');
    expect(await finishes(structured.run)).toHaveLength(1);
  });

  test('an executor that stops gives its run up at once', async () => {
    const [leaving, staying] = [await join(), await playExecutor(stack)];
    const running = ann.runModel(next());
    await leaving.takeJob();
    executors.push(staying);
    await staying.connect();
    await leaving.stop();
    const { run, fence } = await staying.takeJob();
    expect(fence).toBe(2);
    staying.send({ type: 'outcome', run, fence, outcome: succeeded() });
    expect((await running).structured.state).toBe('succeeded');
  });

  test('a job that an executor refuses is tried again, three times in all', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { run, fence } = await executor.takeJob();
      executor.send({ type: 'refused', run, fence, reason: 'the sandbox did not start' });
    }
    const { structured } = await running;
    expect(structured.state).toBe('lost');
    expect(structured.message).toContain('the sandbox did not start');
  });

  test('an outcome that the database cannot take is kept and recorded when it can', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const { run, fence } = await executor.takeJob();
    await queryAs(stack.superuserUrl, 'alter role causeway_app connection limit 0');
    await queryAs(
      stack.superuserUrl,
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'causeway_app'",
    );
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('kept\n') });
    executor.send({ type: 'heartbeat', holding: [{ run, fence }] });
    await expect.poll(() => isLeaseOnDisk(stack, run, 'recording')).toBe(true);
    await queryAs(stack.superuserUrl, 'alter role causeway_app connection limit -1');
    await executor.until((message) => message.type === 'recorded' && message.run === run);
    expect((await running).structured.stdout.text).toBe('kept\n');
    expect(await finishes(run)).toHaveLength(1);
  });

  test('output that Postgres cannot hold does not cost a run its outcome', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const { run, fence } = await executor.takeJob();
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('a\0b \ud800') });
    expect((await running).structured.stdout.text).toBe('a\ufffdb \ufffd');
  });
});

describe('a cancelled run', () => {
  const cancelled = { ...succeeded(), state: 'cancelled' as const, message: 'Cancelled.' };

  test('ends at once while it waits, and no executor ever sees it', async () => {
    const run = await ann.startModel(next());
    const { structured } = await ann.call<RunReply>('cancel_run', { run });
    expect(structured.state).toBe('cancelled');
    const executor = await join();
    const after = ann.runModel(next());
    const job = await executor.takeJob();
    expect(job.run).not.toBe(run);
    executor.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
    await after;
  });

  test('is ended by its executor while it runs', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const { run, fence } = await executor.takeJob();
    executor.send({ type: 'started', run, fence });
    const cancelling = ann.call<RunReply>('cancel_run', { run });
    await executor.until((message) => message.type === 'cancel' && message.run === run);
    executor.send({ type: 'outcome', run, fence, outcome: cancelled });
    expect((await cancelling).structured.state).toBe('cancelled');
    expect((await running).structured.state).toBe('cancelled');
  });

  test('is not started again when its executor dies', async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const { run } = await executor.takeJob();
    const cancelling = ann.call<RunReply>('cancel_run', { run });
    await executor.until((message) => message.type === 'cancel');
    await executor.cut();
    expect(await executor.connect()).toBe('welcome');
    expect((await running).structured.state).toBe('cancelled');
    await cancelling;
    expect(executor.received.filter(({ type }) => type === 'job')).toHaveLength(1);
  });

  test("stays as it ended, and another tenant's run is not to be found", async () => {
    const executor = await join();
    const running = ann.runModel(next());
    const { run, fence } = await executor.takeJob();
    expect((await bob.call('cancel_run', { run })).error?.code).toBe('not_found');
    executor.send({ type: 'outcome', run, fence, outcome: succeeded() });
    await running;
    expect((await ann.call<RunReply>('cancel_run', { run })).structured.state).toBe('succeeded');
  });
});

describe('what an executor sends that is nothing', () => {
  test.each([
    ['no JSON', '{'],
    ['no message of the protocol', '{"type":"outcome","run":"x"}'],
    [
      'more than a message may be',
      JSON.stringify({ type: 'heartbeat', holding: [], padding: 'x'.repeat(2 ** 20) }),
    ],
  ])('%s closes its socket, and the slot returns with its next hello', async (_what, text) => {
    const executor = await join();
    const run = await ann.startModel(next());
    const job = await executor.takeJob();
    executor.sendText(text);
    expect(await executor.untilClosed()).toBe(4004);
    expect(await executor.connect()).toBe('welcome');
    expect((await finish(executor, run)).fence).toBe(job.fence + 1);
  });

  test('an outcome that is none is told again and again, so it ends its attempt', async () => {
    const executor = await join();
    const run = await ann.startModel(next());
    const { run: same, fence } = await executor.takeJob();
    executor.hold({ run: same, fence });
    executor.sendText(JSON.stringify({ type: 'outcome', run, fence, outcome: {} }));
    expect(await executor.untilClosed()).toBe(4004);
    expect(await executor.connect()).toBe('welcome');
    expect((await finish(executor, run)).fence).toBe(fence + 1);
  });

  test.each(REFUSAL_CODES)(
    'a refusal is recorded with its code %s, the slot returns, and after three the run says why',
    async (code) => {
      const executor = await join();
      const run = await ann.startModel(next());
      for (const fence of [1, 2, 3]) {
        const job = await executor.takeJob();
        expect([job.run, job.fence]).toEqual([run, fence]);
        // Said again of an attempt that is over, it is nobody's word.
        for (const said of [fence, Math.max(1, fence - 1)])
          executor.send({ type: 'refused', run: job.run, fence: said, code, reason: `what ${code} is` });
      }
      const ended = await ann.getRun(run, 20);
      expect([ended.state, ended.message]).toEqual([
        'lost',
        `Lost: 3 executors tried it and none finished; the last time an executor refused it: ${code}, what ${code} is.`,
      ]);
      const events = await queryAs(
        stack.superuserUrl,
        "select action, details from app.audit_events where target_id = $1 and action in ('run.retry', 'run.give_up') order by position",
        [run],
      );
      const reason = `an executor refused it: ${code}, what ${code} is`;
      expect(events).toEqual([
        { action: 'run.retry', details: { fence: 2, reason, executor: executor.id } },
        { action: 'run.retry', details: { fence: 3, reason, executor: executor.id } },
        { action: 'run.give_up', details: { fence: 3, reason, executor: executor.id } },
      ]);
      await finish(executor, await ann.startModel(next()));
    },
  );
});

describe('slots are shared fairly', () => {
  test('a tenant holds four slots at most, and gets the next when one is free', async () => {
    const executor = await join(8);
    const runs = [];
    for (let count = 0; count < 5; count++) runs.push(await ann.startModel(next()));
    const jobs = [];
    for (let count = 0; count < 4; count++) jobs.push(await executor.takeJob());
    const last = await ann.getRun(runs[4] ?? '');
    expect([last.state, last.message]).toEqual([
      'queued',
      'Queued, 0 before it: its tenant holds the 4 slots that it may.',
    ]);
    for (const { run, fence } of jobs) executor.send({ type: 'outcome', run, fence, outcome: succeeded() });
    const { run, fence } = await executor.takeJob();
    expect(run).toBe(runs[4]);
    executor.send({ type: 'outcome', run, fence, outcome: succeeded() });
    expect((await ann.getRun(run, 10)).state).toBe('succeeded');
  });
});

describe('a repeated run_model', () => {
  test('that is identical to an active run is that run', async () => {
    const executor = await join();
    const n = next();
    const first = ann.runModel(n);
    const { run, fence } = await executor.takeJob();
    const second = ann.runModel(n);
    const third = (await ann.runModel(n, { wait_seconds: 0 })).structured;
    expect([third.run, third.deduplicated]).toEqual([run, true]);
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('once\n') });
    expect((await second).structured.stdout.text).toBe('once\n');
    expect((await first).structured.deduplicated).toBe(false);
    expect(executor.received.filter(({ type }) => type === 'job')).toHaveLength(1);
  });

  test('with the idempotency key of an earlier one is that run, whatever came of it, and other arguments are refused', async () => {
    const executor = await join();
    const key = { idempotency_key: `key-${next()}-of-ann` };
    const n = next();
    const first = ann.runModel(n, key);
    const { run, fence } = await executor.takeJob();
    executor.send({ type: 'outcome', run, fence, outcome: succeeded('once\n') });
    await first;
    expect((await ann.runModel(n, key)).structured.run).toBe(run);
    expect((await ann.runModel(next(), key)).error?.code).toBe('idempotency_conflict');
  });
});
