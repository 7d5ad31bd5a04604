import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { type DialledFeed, dialFeed } from '../support/dial-feed.ts';
import { operatorOf } from '../support/fleet.ts';
import { postMcp } from '../support/mcp-call.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { type PlayedExecutor, playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { feedsOnDisk } from '../support/pool-storage.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** What a run prints while it runs: from its executor, which is played, over RunFeed to who asks. All else is real. */
let stack: TestStack;
let stop: () => Promise<void>;
let ann: Modeller;
let executor: PlayedExecutor;
let feed: DialledFeed | undefined;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  ann = await settleModeller(stack, 'Ann');
  executor = await playExecutor(stack, { slots: 9 });
  await executor.connect();
});
afterAll(async () => {
  await executor.stop();
  await stop();
});
afterEach(() => {
  feed?.cut();
  executor.hold();
});

const printed = (sequence: number, text: string) => ({ kind: 'stdout', sequence, text }) as const;

/** A run that is under way, with its feed dialled. */
async function running(n: number): Promise<Job> {
  await ann.startModel(n);
  const job = await executor.takeJob();
  executor.hold(job);
  executor.send({ type: 'started', run: job.run, fence: job.fence });
  feed = await dialFeed(stack, job);
  return job;
}

const stdoutOf = async ({ run }: Job) => (await ann.getRun(run)).stdout.text;

/** A client that asked for progress, with what it has heard. */
async function follower(n: number) {
  const response = await postMcp(stack, ann.token, {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: 'run_model',
      arguments: { project: ann.project, path: 'model.py', parameters: { n } },
      _meta: { progressToken: 'p' },
    },
  });
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let heard = '';
  const untilHeard = async (text: string) => {
    while (!heard.includes(text)) heard += (await reader.read()).value ?? expect.unreachable(heard);
    return heard;
  };
  const job = await executor.takeJob();
  executor.hold(job);
  const { run, fence } = job;
  return {
    job,
    untilHeard,
    /** What the executor says before it dials the feed. */
    first: (text: string, changes: { fence?: number } = {}) =>
      executor.send({ type: 'printed', run, fence, ...changes, event: { ...printed(1, text), at_ms: 0 } }),
    end: async (text: string) => {
      executor.send({ type: 'outcome', run, fence, outcome: succeeded(text) });
      return untilHeard(text);
    },
  };
}

describe('a client that asks for progress', () => {
  test('is told of what the feed of its run brings while the run still runs', async () => {
    const { job, untilHeard, end } = await follower(1);
    executor.send({ type: 'started', run: job.run, fence: job.fence });
    feed = await dialFeed(stack, job);
    feed.say(printed(1, 'the first line'));
    await untilHeard('the first line');
    feed.say({ kind: 'gap', sequence: 2, chars: 77 });
    await untilHeard('77 characters were not kept');
    await end('all of it');
  });

  test('is told of the first output of its run before there is a feed, and once', async () => {
    const { job, first, untilHeard, end } = await follower(21);
    expect(job.followed).toBe(true);
    first('the first line');
    await untilHeard('the first line');
    feed = await dialFeed(stack, job);
    feed.say(printed(1, 'the first line'));
    feed.say(printed(2, 'the second line'));
    const heard = await untilHeard('the second line');
    expect(heard.split('the first line')).toHaveLength(2);
    await end('all of it');
  });

  test('of a run that is over at once is told so, and no feed is there for it', async () => {
    const { job, first, untilHeard, end } = await follower(22);
    first('the first line');
    await untilHeard('the first line');
    await end('all of it');
    await expect(dialFeed(stack, job), 'the attempt is over').rejects.toThrow('404');
    expect(feedsOnDisk(stack).filter((text) => text.includes('the first line'))).toEqual([]);
  });

  test("is told nothing of another attempt's or another executor's first output", async () => {
    const { job, first, end } = await follower(23);
    const stranger = await playExecutor(stack, { slots: 1 });
    await stranger.connect();
    const { run, fence } = job;
    stranger.send({ type: 'printed', run, fence, event: { ...printed(1, 'of a stranger'), at_ms: 0 } });
    await stranger.stop();
    first('of a later attempt', { fence: fence + 1 });
    const heard = await end('all of it');
    expect(heard).not.toMatch(/of a stranger|of a later attempt/);
  });

  test('is told nothing by an executor of Mallory’s own pool, which says that it holds the run', async () => {
    const { job, first, untilHeard, end } = await follower(24);
    const { run, fence } = job;
    const mallory = await settleModeller(stack, 'Mallory');
    const pool = await operatorOf(stack).makePool(mallory.tenant, 'cellar');
    const hers = await playExecutor(stack, { pool, slots: 1 });
    hers.hold(job);
    expect(await hers.connect({ protocol: PROTOCOL_VERSION - 1 })).toBe('welcome');
    await hers.until((message) => message.type === 'cancel' && message.run === run);
    hers.send({ type: 'started', run, fence });
    hers.send({ type: 'printed', run, fence, event: { ...printed(1, 'of Mallory'), at_ms: 0 } });
    hers.send({ type: 'outcome', run, fence, outcome: succeeded('of Mallory') });
    await hers.until((message) => message.type === 'recorded' && message.run === run);
    first('the first line');
    await untilHeard('the first line');
    expect(await end('all of it')).not.toContain('of Mallory');
    expect(hers.received.filter(({ type }) => type === 'job')).toEqual([]);
    await hers.stop();
  });

  test('alone has the first output said before there is a feed', async () => {
    const job = await running(2);
    expect(job.followed).toBeUndefined();
    executor.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
  });
});

describe('the feed of a run', () => {
  test('goes on behind what it has when its socket broke, without a hole and nothing twice', async () => {
    const job = await running(3);
    feed?.say(printed(1, 'one '));
    feed?.say(printed(2, 'two '));
    await expect.poll(() => feed?.receipts.at(-1)).toBe(2);
    feed?.cut();
    feed = await dialFeed(stack, job);
    await expect.poll(() => feed?.receipts).toEqual([2]);
    feed.say(printed(2, 'two again '));
    feed.say(printed(3, 'three'));
    await expect.poll(() => stdoutOf(job)).toBe('one two three');
    executor.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
    expect(await feed.closed).toBe(4002);
  });

  test('has one speaker: a second one closes the first, and what is no event closes it', async () => {
    const job = await running(4);
    const first = feed;
    feed = await dialFeed(stack, job);
    expect(await first?.closed).toBe(4001);
    feed.sayText('{"kind":"stdout","sequence":0,"at_ms":0,"text":"zeroth"}');
    expect(await feed.closed).toBe(4004);
    expect(await stdoutOf(job)).toBe('');
    executor.send({ type: 'outcome', run: job.run, fence: job.fence, outcome: succeeded() });
  });

  test('of Mallory, whose executor counts its events into those of a later attempt, is closed and says nothing', async () => {
    const job = await running(5);
    feed?.say(printed(2 ** 32 + 7, 'of Mallory'));
    expect(await feed?.closed).toBe(4004);
    const { run, fence } = job;
    executor.send({ type: 'refused', run, fence, reason: 'test', code: 'fault' });
    const again = await executor.takeJob();
    executor.hold(again);
    executor.send({ type: 'started', run, fence: again.fence });
    feed = await dialFeed(stack, again);
    feed.say(printed(1, 'of the second attempt'));
    await expect.poll(() => stdoutOf(job)).toBe('of the second attempt');
    executor.send({ type: 'outcome', run, fence: again.fence, outcome: succeeded() });
  });

  const ends: Record<string, (job: Job) => Promise<unknown>> = {
    'that ended': async ({ run, fence }) =>
      executor.send({ type: 'outcome', run, fence, outcome: succeeded('ended') }),
    'that was cancelled': async ({ run, fence }) => {
      await ann.call('cancel_run', { run });
      const outcome = { ...succeeded('ended'), state: 'cancelled' } as const;
      executor.send({ type: 'outcome', run, fence, outcome });
    },
    'that was lost': async ({ run, fence }) => {
      executor.send({ type: 'refused', run, fence, reason: 'test', code: 'fault' });
      for (let attempt = 2; attempt <= 3; attempt++) {
        const again = await executor.takeJob();
        executor.send({ type: 'refused', run, fence: again.fence, reason: 'test', code: 'fault' });
      }
    },
  };
  test.each(Object.entries(ends))(
    '%s is in its outcome, and its object stores nothing',
    async (name, end) => {
      const job = await running(10 + name.length);
      feed?.say(printed(1, `of the run ${name}`));
      const stored = () => feedsOnDisk(stack).filter((text) => text.includes(`of the run ${name}`));
      await expect.poll(() => stored().length).toBe(1);
      await end(job);
      const { state, stdout } = await ann.getRun(job.run, 20);
      expect([state, stdout.text]).toEqual(
        name === 'that was lost' ? ['lost', ''] : [expect.any(String), 'ended'],
      );
      expect(await feed?.closed).toBe(4002);
      await expect.poll(() => stored()).toEqual([]);
      feed?.say(printed(2, `of the run ${name}, late`));
      await expect(dialFeed(stack, job), 'the attempt is over').rejects.toThrow('404');
      expect(stored()).toEqual([]);
    },
  );
});
