import { expect, test } from 'vitest';
import { createSlots, type SlotBounds } from '../../../worker/identity/slots.ts';

/** Slots on a clock that the test moves, with waiters that look again when the test says so. */
function slotsOnAClock(bounds: Omit<SlotBounds, 'abandonedMs'>) {
  let nowMs = 0;
  let resumes: (() => void)[] = [];
  const slots = createSlots(
    { ...bounds, abandonedMs: 1000 },
    { now: () => nowMs, pause: () => new Promise((resume) => resumes.push(resume)) },
  );
  return {
    slots,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** Lets every waiter look again, and what follows from it happen. */
    async look() {
      const now = resumes;
      resumes = [];
      for (const resume of now) resume();
      await new Promise((settled) => setImmediate(settled));
    },
  };
}

function work() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let started = false;
  return {
    run: async () => {
      started = true;
      await ended;
      return 'done';
    },
    end: () => end(),
    get started() {
      return started;
    },
  };
}

test('a flood runs no more at once than there are slots, queues no more than the bound, and refuses the rest unstarted', async () => {
  const { slots, look } = slotsOnAClock({ running: 2, waiting: 3 });
  const jobs = Array.from({ length: 100 }, work);
  const answers = jobs.map((job) => slots.run(job.run));
  expect(jobs.filter(({ started }) => started)).toHaveLength(2);
  for (let round = 0; round < 5; round++) {
    for (const job of jobs.filter(({ started }) => started)) job.end();
    await look();
    await look();
  }
  const settled = await Promise.all(answers);
  expect(settled.filter((answer) => answer !== null)).toHaveLength(5);
  expect(jobs.filter(({ started }) => started)).toHaveLength(5);
});

test('who came first goes first, and nobody overtakes the queue', async () => {
  const { slots, look } = slotsOnAClock({ running: 1, waiting: 5 });
  const order: number[] = [];
  const first = work();
  const running = slots.run(first.run);
  const waiting = [1, 2, 3].map((number) => slots.run(async () => order.push(number)));
  first.end();
  await running;
  const late = slots.run(async () => order.push(4));
  for (let round = 0; round < 5; round++) await look();
  await Promise.all([...waiting, late]);
  expect(order).toEqual([1, 2, 3, 4]);
});

test('Mallory, whose work never ends, has no more than her part, and Ann and Bob have their turn', async () => {
  const ofOne = { running: 1, waiting: 2 };
  const { slots, look } = slotsOnAClock({ running: 2, waiting: 4, ofOne });
  const hers = Array.from({ length: 5 }, work);
  const answers = hers.map((job) => slots.run(job.run, 'mallory'));
  expect(hers.filter(({ started }) => started)).toHaveLength(1);
  expect(await Promise.all(answers.slice(3))).toEqual([null, null]);
  for (const owner of ['ann', 'bob', 'ann'])
    expect(await slots.run(async () => owner, owner)).toEqual({ done: owner });
  const anns = work();
  void slots.run(anns.run, 'ann');
  const bobs = slots.run(async () => 'bob', 'bob');
  await look();
  expect(anns.started).toBe(true);
  anns.end();
  await look();
  await look();
  expect(await bobs).toEqual({ done: 'bob' });
  expect(hers.filter(({ started }) => started)).toHaveLength(1);
});

test('work that fails gives its slot back', async () => {
  const { slots } = slotsOnAClock({ running: 1, waiting: 0 });
  await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slots.run(async () => 'yes')).toEqual({ done: 'yes' });
});

test('slots held by requests that are gone come back, so that Mallory cannot hang up her way to an outage', async () => {
  const { slots, pass } = slotsOnAClock({ running: 2, waiting: 1 });
  const gone = [work(), work(), work()];
  for (const job of gone) void slots.run(job.run);
  expect(await slots.run(async () => 'refused')).toBeNull();
  pass(1001);
  expect(await slots.run(async () => 'served')).toEqual({ done: 'served' });
});
