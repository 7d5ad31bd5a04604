import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Id } from '../../protocol/ids.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { Job } from '../../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { asOperatorOf, causeway as command, environmentOf } from '../support/causeway.ts';
import { dialFeed } from '../support/dial-feed.ts';
import { fireCron } from '../support/fire-cron.ts';
import { operatorOf, PLATFORM_POOL } from '../support/fleet.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { uploadBlob } from '../support/upload-blob.ts';

/** Whose hosts run what, and what an operator does with them. The executors are played; all else is real. */
let stack: TestStack;
let stop: () => Promise<void>;
let operator: ReturnType<typeof operatorOf>;
let bob: Modeller;
let executors: PlayedExecutor[] = [];

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  operator = operatorOf(stack);
  bob = await settleModeller(stack, 'Bob');
});
afterAll(() => stop());
afterEach(async () => {
  await Promise.all(executors.map((executor) => executor.stop()));
  executors = [];
});

async function join(wish: { slots?: number; pool?: string; labels?: Labels } = {}): Promise<PlayedExecutor> {
  const executor = await playExecutor(stack, wish);
  executors.push(executor);
  expect(await executor.connect()).toBe('welcome');
  return executor;
}

const causeway = (...args: string[]) => asOperatorOf(stack, ...args, '--state', stack.stateDir);

let unique = 0;
const next = () => ++unique;

async function finish(executor: PlayedExecutor, someone: Modeller, run: string): Promise<Job> {
  const job = await executor.takeJob();
  expect(job.run).toBe(run);
  executor.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
  expect((await someone.getRun(run, 20)).state).toBe('succeeded');
  return job;
}

const jobsOf = (executor: PlayedExecutor) =>
  executor.received.flatMap((message) => (message.type === 'job' ? [message] : []));

describe('a tenant with hosts of its own', () => {
  let ann: Modeller;
  let pool: Id<'pool'>;
  beforeAll(async () => {
    ann = await settleModeller(stack, 'Ann');
    pool = await operator.makePool(ann.tenant, 'cellar');
  });

  test('has its runs there, all at once, and nobody else has', async () => {
    const [own, shared] = [await join({ pool, slots: 9 }), await join({ slots: 9 })];
    const runs = [];
    for (let count = 0; count < 5; count++) runs.push(await ann.startModel(next()));
    const bobs = await bob.startModel(next());
    for (const run of runs) await finish(own, ann, run);
    await finish(shared, bob, bobs);
    expect(new Set(jobsOf(own).map(({ tenant }) => tenant))).toEqual(new Set([ann.tenant]));
    expect(new Set(jobsOf(shared).map(({ tenant }) => tenant))).toEqual(new Set([bob.tenant]));
  });

  test('whose hosts are away has its runs done by the platform', async () => {
    const own = await join({ pool });
    const shared = await join();
    await own.stop();
    await operator.look(pool);
    await finish(shared, ann, await ann.startModel(next()));
  });

  test('and is told of another tenant’s pool what it is told of one that is not there', async () => {
    await join();
    const ask = async (executor_pool: string) =>
      (await bob.runModel(next(), { executor_pool })).error?.message.replace(executor_pool, 'POOL');
    expect(await ask(pool)).toBe('The tenant has no pool `POOL`; it may use: default.');
    expect(await ask('cellar')).toBe(await ask('nowhere'));
    expect(await ask(pool)).toBe(await ask('pol_0000000000000000000000000z'));
  });

  test('that says own hosts only never has a job, an input or a look at its data on another’s host', async () => {
    const [own, shared] = [await join({ pool }), await join({ slots: 9 })];
    await operator.place(ann.tenant, { ownHostsOnly: true });
    await own.stop();
    await operator.look(pool);
    const run = await ann.startModel(next());
    expect((await ann.getRun(run)).message).toBe(
      'Queued, 0 before it: no executor of its pool is connected.',
    );
    const looked = ann.call('import_data', {
      project: ann.project,
      name: 's',
      format: 'csv',
      text: 'a\n1\n',
    });
    const named = await ann.runModel(next(), { executor_pool: 'default' });
    expect(named.error).toMatchObject({ code: 'not_found' });
    await fireCron(stack);
    // The platform's host is there and idle, and takes what is Bob's.
    await finish(shared, bob, await bob.startModel(next()));
    const back = await join({ pool, slots: 2 });
    const jobs = [await back.takeJob(), await back.takeJob()];
    expect(new Set(jobs.map(({ manifest }) => manifest.kind))).toEqual(new Set(['model', 'inspect']));
    for (const job of jobs)
      back.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
    await looked;
    expect((await ann.getRun(run, 20)).state).toBe('succeeded');
    expect(jobsOf(shared).filter(({ tenant }) => tenant === ann.tenant)).toEqual([]);
    await operator.place(ann.tenant, { ownHostsOnly: false });
  });

  test('cannot say so while runs of it are on others’ hosts, so that it is never half true', async () => {
    const shared = await join();
    const run = await ann.startModel(next());
    await expect(operator.place(ann.tenant, { ownHostsOnly: true })).rejects.toThrow();
    await finish(shared, ann, run);
    await operator.place(ann.tenant, { ownHostsOnly: true });
    await ann.call('cancel_run', { run: await ann.startModel(next()) });
    await operator.place(ann.tenant, { ownHostsOnly: false });
  });
});

describe('labels', () => {
  test('pick the executor, and a run that waits for one is told so', async () => {
    const [eu, us] = [
      await join({ labels: { region: 'eu' } }),
      await join({ labels: { region: 'us' }, slots: 9 }),
    ];
    await finish(
      us,
      bob,
      (await bob.runModel(next(), { executor_labels: { region: 'us' }, wait_seconds: 0 })).structured.run,
    );
    await eu.stop();
    const waiting = await bob.runModel(next(), { executor_labels: { region: 'eu' }, wait_seconds: 0 });
    expect(waiting.structured.message).toBe('Queued, 0 before it: no connected executor has region=eu.');
    expect(await eu.connect()).toBe('welcome');
    await finish(eu, bob, waiting.structured.run);
  });

  test('that no executor ever had are refused, with those that there are', async () => {
    await join({ labels: { region: 'eu' } });
    const { error } = await bob.runModel(next(), { executor_labels: { region: 'mars' } });
    expect(error?.code).toBe('no_executor');
    expect(error?.message).toMatch(/^No executor has region=mars; there are: .*region=eu/);
  });

  test('that a tenant fixed are every run’s, and neither its projects nor its runs leave them', async () => {
    const eva = await settleModeller(stack, 'Eva');
    const [eu] = [
      await join({ labels: { region: 'eu', gpu: 'none' } }),
      await join({ labels: { region: 'us' }, slots: 9 }),
    ];
    await operator.place(eva.tenant, { placement: { labels: { region: 'eu' } } });
    await finish(eu, eva, await eva.startModel(next()));
    const away = await eva.runModel(next(), { executor_labels: { region: 'us' } });
    expect(away.error?.code).toBe('invalid_arguments');
    expect(away.error?.message).toContain('its tenant or project has fixed it to `eu`');
    await operator.place(eva.tenant, { project: eva.project, placement: { labels: { gpu: 'none' } } });
    await finish(eu, eva, await eva.startModel(next()));
    await operator.place(eva.tenant, { project: eva.project, placement: { labels: { region: 'us' } } });
    expect((await eva.runModel(next())).error?.code).toBe('invalid_arguments');
  });
});

describe('an executor that is cordoned', () => {
  test('finishes what it runs and gets nothing new, over its restarts too, until that is lifted', async () => {
    const [tired, other] = [await join({ slots: 9 }), await playExecutor(stack)];
    const first = await bob.startModel(next());
    const job = await tired.takeJob();
    const status = await operator.cordon(tired.id, true);
    expect(status.executors.find(({ executor }) => executor === tired.id)).toMatchObject({
      held: 1,
      cordoned: true,
    });
    const second = await bob.startModel(next());
    expect((await bob.getRun(second)).message).toBe(
      'Queued, 0 before it: the executors that could take it take no new runs at the moment.',
    );
    tired.hold(job);
    expect(await tired.connect()).toBe('welcome');
    tired.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
    tired.hold();
    expect((await bob.getRun(first, 20)).state).toBe('succeeded');
    executors.push(other);
    await other.connect();
    await finish(other, bob, second);
    await other.stop();
    await operator.cordon(tired.id, false);
    await finish(tired, bob, await bob.startModel(next()));
  });

  test('by `executor drain` is waited for until it runs nothing, and serves again after `uncordon`', async () => {
    const leaving = await join({ slots: 2 });
    const held = await bob.startModel(next());
    const job = await leaving.takeJob();
    leaving.hold(job);
    const printed: string[] = [];
    const drain = ['executor', 'drain', leaving.id, '--json', '--state', stack.stateDir];
    const draining = command(drain, environmentOf(stack), (text) => printed.push(text));
    await expect.poll(() => printed.join('')).toContain(`${leaving.id} still runs 1.`);
    const waits = await bob.startModel(next());
    leaving.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
    leaving.hold();
    expect(JSON.parse((await draining).stdout)).toEqual({ executor: leaving.id, drained: true });
    expect((await bob.getRun(held)).state).toBe('succeeded');
    expect((await bob.getRun(waits)).state).toBe('queued');
    await causeway('executor', 'uncordon', leaving.id);
    await finish(leaving, bob, waits);
  });

  test('or that says itself that it drains, likewise', async () => {
    const leaving = await join({ slots: 9 });
    const first = await bob.startModel(next());
    const job = await leaving.takeJob();
    leaving.send({ type: 'draining' });
    leaving.hold(job);
    await expect
      .poll(async () =>
        (await operator.look(PLATFORM_POOL)).executors.find(({ executor }) => executor === leaving.id),
      )
      .toMatchObject({ held: 1, draining: true });
    const second = await bob.startModel(next());
    await leaving.cut();
    await leaving.connect({ draining: true });
    leaving.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
    leaving.hold();
    expect((await bob.getRun(first, 20)).state).toBe('succeeded');
    await finish(await join(), bob, second);
    expect(jobsOf(leaving)).toHaveLength(1);
  });
});

describe('an executor that is revoked', () => {
  const blobStatus = async ({ blobs: [blob] }: Job) =>
    (
      await fetch(`${stack.publicUrl}/executor/blobs/${blob?.sha256}`, {
        headers: { authorization: `Bearer ${blob?.capability}` },
      })
    ).status;

  test('is cut off at once: socket, feed and capabilities are dead, and its runs are with others', async () => {
    const stolen = await join();
    const run = await bob.startModel(next());
    const job = await stolen.takeJob();
    expect(await blobStatus(job)).toBe(200);
    const feed = await dialFeed(stack, job);
    const honest = await playExecutor(stack);
    executors.push(honest);
    await honest.connect();
    const status = await operator.revoke(stolen.id);
    expect(status.executors.map(({ executor }) => executor)).toEqual([honest.id]);
    expect(await stolen.untilClosed()).toBe(4002);
    expect(await feed.closed).toBe(4002);
    expect(await blobStatus(job)).toBe(404);
    expect((await uploadBlob(stack, job.capability, Buffer.from('late'))).status).toBe(409);
    expect((await finish(honest, bob, run)).fence).toBe(2);
    await expect(stolen.connect()).rejects.toThrow('401');
  });

  test('is cut off by the cron where the Worker was not told', async () => {
    const stolen = await join();
    const run = await bob.startModel(next());
    await stolen.takeJob();
    const honest = await join();
    await operator.revokeSilently(stolen.id);
    expect(await fireCron(stack)).toBe(200);
    expect(await stolen.untilClosed()).toBe(4002);
    expect((await finish(honest, bob, run)).fence).toBe(2);
  });
});

describe('an executor of another version', () => {
  test('one older is served', async () => {
    const older = await playExecutor(stack);
    executors.push(older);
    expect(await older.connect({ protocol: PROTOCOL_VERSION - 1 })).toBe('welcome');
    expect(older.received[0]).toMatchObject({ type: 'welcome', protocol: PROTOCOL_VERSION - 1 });
    await finish(older, bob, await bob.startModel(next()));
  });

  test.each([
    [PROTOCOL_VERSION - 2, 'update this executor'],
    [PROTOCOL_VERSION + 1, 'update the deployment first'],
  ])('that speaks %i is refused, and told to %s', async (protocol, what) => {
    const other = await playExecutor(stack);
    expect(await other.connect({ protocol })).toBe(4003);
    expect(other.closed?.reason).toContain(what);
  });
});

describe('a call of the operator', () => {
  test('is heeded when the database signed it, for that pool, just now', async () => {
    const signed = async (pool: string, secondsAgo = 0) => {
      const [row] = await queryAs(
        stack.superuserUrl,
        `select encode(sha256(outer_block || sha256(inner_block || convert_to($1, 'UTF8'))), 'hex') as mac
           from app_private.signing_keys where purpose = 'ticket'`,
        [`causeway fleet call v1\n${pool}\n${now - secondsAgo}`],
      );
      return `${now - secondsAgo}.${row?.mac}`;
    };
    const now = Math.floor(Date.now() / 1000);
    const post = async (authorization: string) =>
      (await fetch(`${stack.publicUrl}/executor/fleet`, { method: 'POST', headers: { authorization } }))
        .status;
    const right = await signed(PLATFORM_POOL);
    expect(await post(`Causeway-Operator ${PLATFORM_POOL}.${right}`)).toBe(200);
    const other = await operator.makePool(null, 'another');
    const wrong = [
      `Causeway-Operator ${other}.${right}`,
      `Causeway-Operator ${PLATFORM_POOL}.${await signed(PLATFORM_POOL, 120)}`,
      `Causeway-Operator ${PLATFORM_POOL}.${now}.${'0'.repeat(64)}`,
      `Bearer ${stack.apiToken}`,
    ];
    for (const authorization of wrong) expect(await post(authorization)).toBe(401);
  });
});
