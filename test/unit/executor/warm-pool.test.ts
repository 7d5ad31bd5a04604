import { describe, expect, it } from 'vitest';
import { memoryAccount } from '../../../executor/memory-account.ts';
import type { EndFacts, Engine, Sandbox, Started } from '../../../executor/sandbox/engine.ts';
import { suitsWarm, WARM_SPEC } from '../../../executor/sandbox-plan.ts';
import { waitsForRefill, warmPool } from '../../../executor/warm-pool.ts';
import { makeJob } from '../../support/make-job.ts';

const TIMES = { warmMs: 1200, coldMs: 300 };
const image = `sha256:${'0'.repeat(64)}` as const;

describe('a claim that finds nothing warm', () => {
  it.each([
    ['nothing is being started', null, false],
    ['a start has only begun', 100, false],
    ['a start is nearly done', 950, true],
    ['a start takes longer than usual', 5000, true],
  ])('%s', (_, ageMs, expected) => {
    expect(waitsForRefill(ageMs, TIMES)).toBe(expected);
  });
});

describe('a warm sandbox suits a run', () => {
  it.each([
    ['with the usual seeds', {}, {}, true],
    ['with another random seed', { seed: 9, source_date_epoch: 5 }, {}, true],
    ['with more memory', {}, { memory_bytes: 2 ** 31 }, true],
    ['with another hash seed', { pythonhashseed: 1 }, {}, false],
    ['with more threads', { omp_num_threads: 2 }, {}, false],
    ['with more processes', {}, { processes: 300 }, false],
  ])('%s: %o %o', (_, seeds, limits, expected) => {
    expect(suitsWarm(makeJob({ code: '', image, seeds, limits }).manifest)).toBe(expected);
  });
});

describe('a pool that is drained', () => {
  it('waits for the removal of a sandbox that the same signal has ended', async () => {
    const died = Promise.withResolvers<EndFacts>();
    const removed = Promise.withResolvers<void>();
    const removing = Promise.withResolvers<void>();
    const sandbox = {
      id: 'causeway-1',
      rest: () => undefined,
      ended: died.promise,
      destroy: () => {
        removing.resolve();
        return removed.promise;
      },
    } as Sandbox;
    const started = Promise.resolve<Started>({ ok: true, sandbox });
    const engine = { start: () => ({ started, hurry() {}, abort() {} }) } as unknown as Engine;
    const pool = warmPool({ engine, size: 1, warm: WARM_SPEC, log: () => {} });
    pool.refill();
    await expect.poll(() => pool.ready).toBe(1);
    died.resolve({} as EndFacts);
    await removing.promise;
    const drained = pool.drain().then(() => 'drained');
    const soon = new Promise((resolve) => setImmediate(resolve, 'waits'));
    expect(await Promise.race([drained, soon])).toBe('waits');
    removed.resolve();
    expect(await drained).toBe('drained');
  });
});

describe('memory of the host', () => {
  const never = new AbortController().signal;
  it('is given in the order of asking, and a large run is not starved by small ones', async () => {
    const account = memoryAccount(10);
    const first = await account.reserve(6, never);
    const order: string[] = [];
    const reserve = async (name: string, bytes: number) => {
      const release = await account.reserve(bytes, never);
      order.push(name);
      return release;
    };
    const large = reserve('large', 8);
    const small = reserve('small', 2);
    first?.();
    (await large)?.();
    await small;
    expect(order).toEqual(['large', 'small']);
  });

  it('is not held by one that gave up waiting, nor released twice', async () => {
    const account = memoryAccount(10);
    const first = await account.reserve(10, never);
    const control = new AbortController();
    const waiting = account.reserve(5, control.signal);
    control.abort();
    expect(await waiting).toBeNull();
    first?.();
    first?.();
    const whole = await account.reserve(10, never);
    const second = account.reserve(1, never);
    expect(await Promise.race([second, Promise.resolve('waits')])).toBe('waits');
    whole?.();
    expect(await second).not.toBeNull();
  });
});
