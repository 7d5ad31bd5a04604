import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor, succeeded } from '../support/played-executor.ts';
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

test.each([
  ['before it had the job', { prepared_ms: 0, reported_ms: 1e12 }],
  ['after it had ended', { prepared_ms: 1e12, reported_ms: 0 }],
])("Mallory's executor says of a short run that it began %s: it began within its lease", async (_, times) => {
  const running = ann.runModel(next());
  const { run, fence } = await executor.takeJob();
  const outcome = succeeded();
  const timings = { ...outcome.timings, ...times };
  executor.send({ type: 'outcome', run, fence, outcome: { ...outcome, timings } });
  expect((await running).structured.state).toBe('succeeded');
  const [finish] = await queryAs(
    stack.superuserUrl,
    `select (execution ->> 'started_at')::numeric between (execution ->> 'leased_at')::numeric
                                                      and extract(epoch from finished_at) * 1000 + 1 as within
       from app.runs where run_id = $1`,
    [run],
  );
  expect(finish).toEqual({ within: true });
});
