import { describe, expect, it } from 'vitest';
import { memoryAccount } from '../../../executor/memory-account.ts';
import type { EndFacts, Engine, Sandbox, SandboxSpec, Started } from '../../../executor/sandbox/engine.ts';
import { coldSpec, WARM_SPEC, wishOf } from '../../../executor/sandbox-plan.ts';
import { waitsForRefill, warmPool } from '../../../executor/warm-pool.ts';
import { makeJob } from '../../support/make-job.ts';

const TIMES = { warmMs: 1200, coldMs: 300 };
const image = `sha256:${'0'.repeat(64)}` as const;

describe('a claim that finds nothing warm', () => {
  it.each([
    ['a start has only begun', 100, false],
    ['a start is nearly done', 950, true],
    ['a start takes longer than usual', 5000, true],
  ])('%s', (_, ageMs, expected) => {
    expect(waitsForRefill(ageMs, TIMES)).toBe(expected);
  });
});

describe('a run that finds nothing warm and nothing being made', () => {
  /** An engine whose starts are noted and succeed at once. */
  function noting() {
    const asked: (readonly string[])[] = [];
    const sandbox = {
      id: 'causeway-1',
      rest: () => undefined,
      ended: new Promise(() => {}),
    } as unknown as Sandbox;
    const started = Promise.resolve<Started>({ ok: true, sandbox });
    const start = (spec: SandboxSpec) => {
      asked.push(spec.imports);
      return { started, hurry() {}, abort() {} };
    };
    return { asked, engine: { start } as unknown as Engine };
  }

  it.each([
    ['that imports pandas waits for a copy', 'import pandas as pd\nprint(1)', {}, 1, true],
    ['that imports from numpy, later and inside', 'def main():\n  from numpy import pi', {}, 1, true],
    ['that imports nothing gets a cold one, which comes sooner', 'print("import pandas")', {}, 1, false],
    ['that no warm one suits gets a cold one', 'import pandas', { pythonhashseed: 1 }, 1, false],
    ['where none are kept warm gets a cold one', 'import pandas', {}, 0, false],
  ])('%s', async (_, code, seeds, size, isWarm) => {
    const { asked, engine } = noting();
    const pool = warmPool({ engine, size, atOnce: 1, warm: WARM_SPEC, log: () => {} });
    const job = makeJob({ code, image, seeds });
    const claim = await pool.claim(wishOf(job), coldSpec(job.manifest), new AbortController().signal);
    expect(claim).toMatchObject({ ok: true, claimed: { isWarm } });
    expect(asked).toEqual([isWarm ? WARM_SPEC.imports : []]);
  });
});

describe('a run that finds a warm sandbox that has just ended', () => {
  it('gets another, and the pool removes that one', async () => {
    const ended = Promise.withResolvers<EndFacts>();
    const destroyed: string[] = [];
    let isOver = false;
    let made = 0;
    const sandboxNamed = (id: string, own: Partial<Sandbox>) =>
      ({ id, rest() {}, ended: new Promise(() => {}), isOver: false, ...own }) as unknown as Sandbox;
    const dying = sandboxNamed('dying', {
      ended: ended.promise,
      destroy: async () => void destroyed.push('dying'),
    });
    Object.defineProperty(dying, 'isOver', { get: () => isOver });
    const start = () => {
      made += 1;
      const sandbox = made === 1 ? dying : sandboxNamed(`other ${made}`, {});
      return { started: Promise.resolve<Started>({ ok: true, sandbox }), hurry() {}, abort() {} };
    };
    const engine = { start } as unknown as Engine;
    const pool = warmPool({ engine, size: 1, atOnce: 1, warm: WARM_SPEC, log: () => {} });
    pool.refill();
    await expect.poll(() => pool.ready).toBe(1);
    isOver = true;
    const job = makeJob({ code: 'print(1)', image });
    const claim = await pool.claim(wishOf(job), coldSpec(job.manifest), new AbortController().signal);
    expect(claim).toMatchObject({ ok: true, claimed: { sandbox: { id: 'other 2' } } });
    ended.resolve({} as EndFacts);
    await expect.poll(() => destroyed).toEqual(['dying']);
  });
});

describe('a claim that nobody wants any more', () => {
  it.each([
    ['a start that it waits for', 'import pandas', 1],
    ['a cold start', 'print(1)', 0],
  ])('gives up %s, and begins no other', async (_, code, size) => {
    const asked: (readonly string[])[] = [];
    const start = (spec: SandboxSpec) => {
      asked.push(spec.imports);
      const started = Promise.withResolvers<Started>();
      const abort = () => started.resolve({ ok: false, reason: 'aborted' });
      return { started: started.promise, hurry() {}, abort };
    };
    const engine = { start } as unknown as Engine;
    const pool = warmPool({ engine, size, atOnce: 1, warm: WARM_SPEC, log: () => {} });
    const { manifest } = makeJob({ code, image });
    const unwanted = new AbortController();
    const claim = pool.claim(wishOf(makeJob({ code, image })), coldSpec(manifest), unwanted.signal);
    unwanted.abort();
    expect((await claim).ok).toBe(false);
    expect(asked).toHaveLength(1);
  });
});

describe('a pool that is refilled', () => {
  it('makes as many at once as it may, and no more than are missing', () => {
    for (const [size, atOnce, expected] of [
      [4, 2, 2],
      [1, 2, 1],
      [3, 8, 3],
    ] as const) {
      let starts = 0;
      const start = () => {
        starts += 1;
        return { started: new Promise<Started>(() => {}), hurry() {}, abort() {} };
      };
      const pool = warmPool({
        engine: { start } as unknown as Engine,
        size,
        atOnce,
        warm: WARM_SPEC,
        log: () => {},
      });
      pool.refill();
      pool.refill();
      expect(starts).toBe(expected);
    }
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
    const pool = warmPool({ engine, size: 1, atOnce: 1, warm: WARM_SPEC, log: () => {} });
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
