import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor, succeeded } from '../support/played-executor.ts';
import { startTestStack } from '../support/stack.ts';

let stop: () => Promise<void>;
let ann: Modeller;
let bob: Modeller;
let executor: PlayedExecutor;

beforeAll(async () => {
  const started = await startTestStack({ slots: 0 });
  stop = started.stop;
  ann = await settleModeller(started.stack, 'Ann');
  bob = await settleModeller(started.stack, 'Bob');
  executor = await playExecutor(started.stack);
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
