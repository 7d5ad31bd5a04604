import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Job } from '../../protocol/messages.ts';
import { fireCron } from '../support/fire-cron.ts';
import { operatorOf, PLATFORM_POOL } from '../support/fleet.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Modeller;
let bob: Modeller;
let executor: PlayedExecutor;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  ann = await settleModeller(stack, 'Ann');
  bob = await settleModeller(stack, 'Bob');
  executor = await playExecutor(stack);
  // A run can be queued for hosts that were there.
  await executor.connect();
  await executor.stop();
});
afterAll(async () => {
  await executor.stop();
  await stop();
});

let unique = 0;
const next = () => ++unique;

test('two tenants that submit ten quick runs each at the same moment are served in turns', async () => {
  const runs = await Promise.all(
    Array.from({ length: 10 }, () => [ann, bob]).flatMap((pair) => pair.map((who) => who.startModel(next()))),
  );
  expect(await executor.connect()).toBe('welcome');
  const served: string[] = [];
  for (const _ of runs) {
    const { run, fence, tenant } = await executor.takeJob();
    served.push(tenant);
    executor.send({ type: 'outcome', run, fence, outcome: succeeded() });
  }
  const [first, second] = served;
  expect(new Set([first, second])).toEqual(new Set([ann.tenant, bob.tenant]));
  expect(served).toEqual(runs.map((_, at) => (at % 2 === 0 ? first : second)));
  await expect.poll(async () => (await ann.getRun(runs.at(-2) ?? '')).state).toBe('succeeded');
});

/** Of a run that has ended, whether it is recorded as begun within its lease, and how long before its end. */
async function beginOf(run: string) {
  const [begin] = await queryAs(
    stack.superuserUrl,
    `select (execution ->> 'started_at')::numeric between (execution ->> 'leased_at')::numeric
                                                      and extract(epoch from finished_at) * 1000 + 1 as within,
            (execution ->> 'started_at')::numeric = (execution ->> 'leased_at')::numeric as at_once
       from app.runs where run_id = $1`,
    [run],
  );
  return begin;
}

test.each([
  ['before it had the job', { prepared_ms: 0, reported_ms: 1e12 }, true],
  ['after it had ended', { prepared_ms: 1e12, reported_ms: 0 }, false],
])(
  "Mallory's executor says of a short run that it began %s: it began within its lease",
  async (_, times, at_once) => {
    const running = ann.runModel(next());
    const { run, fence } = await executor.takeJob();
    const outcome = succeeded();
    const timings = { ...outcome.timings, ...times };
    executor.send({ type: 'outcome', run, fence, outcome: { ...outcome, timings } });
    expect((await running).structured.state).toBe('succeeded');
    expect(await beginOf(run)).toEqual({ within: true, at_once });
  },
);

test('a long run began as long ago as its executor says when it says so, and within its lease', async () => {
  const running = ann.runModel(next());
  const { run, fence } = await executor.takeJob();
  executor.send({ type: 'started', run, fence, ago_ms: 1e12 });
  executor.send({ type: 'outcome', run, fence, outcome: succeeded() });
  await running;
  expect(await beginOf(run)).toEqual({ within: true, at_once: true });
});

test('a host that refuses all it gets, and so is always free, costs a run one try where another suits', async () => {
  await executor.stop();
  const [broken, healthy] = [await playExecutor(stack, { slots: 4 }), await playExecutor(stack)];
  for (const each of [broken, healthy]) expect(await each.connect()).toBe('welcome');
  const refuseNext = async (): Promise<Job> => {
    const job = await broken.takeJob();
    const { run, fence } = job;
    broken.send({ type: 'refused', run, fence, code: 'fault', reason: 'a broken host' });
    return job;
  };
  const finishOn = async ({ run }: Job): Promise<void> => {
    expect(await healthy.takeJob()).toMatchObject({ run, fence: 2 });
    healthy.send({ type: 'outcome', run, fence: 2, outcome: succeeded() });
  };
  await ann.startModel(next());
  const first = await refuseNext();
  await ann.startModel(next());
  const second = await refuseNext();
  await finishOn(first);
  await finishOn(second);
  expect((await ann.getRun(second.run, 20)).state).toBe('succeeded');
  expect(broken.received.filter(({ type }) => type === 'job')).toHaveLength(2);
  await Promise.all([broken.stop(), healthy.stop()]);
  expect(await executor.connect()).toBe('welcome');
});

test('a single run of Bob waits for one of the thousand that Ann has queued, and is told so', async () => {
  await ann.startModel(next());
  let held = await executor.takeJob();
  const queued = Array.from({ length: 1000 }, () => newId('run'));
  await queryAs(
    stack.superuserUrl,
    `insert into app.runs (tenant_id, run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256, created_by, created_at)
     select r.tenant_id, q.run, r.project_id, r.pool_id, r.kind, r.commit_id, r.entry, r.manifest, r.manifest_sha256, r.created_by,
            now() - interval '2 minutes' + q.n * interval '1 ms'
       from app.runs as r, unnest($2::text[]) with ordinality as q (run, n) where r.run_id = $1`,
    [held.run, queued],
  );
  // Far more than a tenant may queue: the pool takes them in as it does what a dying Worker wrote.
  expect(await fireCron(stack)).toBe(200);
  await expect.poll(() => operatorOf(stack).look(PLATFORM_POOL)).toMatchObject({ queued: 1000 });
  /** Ends what runs; the next job that its slot is given. */
  const finish = async () => {
    executor.send({ type: 'outcome', run: held.run, fence: held.fence, outcome: succeeded() });
    held = await executor.takeJob();
    return held.run;
  };
  for (const before of [0, 1, 1]) {
    const single = await bob.startModel(next());
    expect((await bob.getRun(single)).message).toBe(`Queued, ${before} before it.`);
    if (before === 1) expect(queued).toContain(await finish());
    expect(await finish()).toBe(single);
  }
});
