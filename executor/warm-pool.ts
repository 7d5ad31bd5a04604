import type { Log } from './log.ts';
import type { Engine, Sandbox, SandboxSpec, Started, Starting } from './sandbox/engine.ts';

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** How much a new measurement of a start weighs against those before. */
const LEARNING_RATE = 0.3;

export interface Claimed {
  readonly sandbox: Sandbox;
  readonly isWarm: boolean;
}

export type Claim =
  | { readonly ok: true; readonly claimed: Claimed }
  | { readonly ok: false; readonly reason: string };

export interface WarmPool {
  /**
   * A sandbox for one run, now its caller's. `cold` is started when no warm one suits or comes sooner. A start is given up
   * when `signal` is aborted.
   */
  claim(wish: Wish, cold: SandboxSpec, signal: AbortSignal): Promise<Claim>;
  /** Makes missing warm sandboxes in the background; called when a run has ended, so that it does not slow one. */
  refill(): void;
  readonly ready: number;
  /** Destroys what waits and what is being started; nothing is started any more. */
  drain(): Promise<void>;
}

/** What is known of a run before it has a sandbox. */
export interface Wish {
  /** Whether a warm sandbox could serve it at all. */
  readonly suitsWarm: boolean;
  /** Whether it needs what is imported ahead: in a cold one it would import that itself. */
  readonly importsAhead: boolean;
}

export interface WarmPoolSettings {
  readonly engine: Engine;
  readonly size: number;
  /** How many are made at the same time; more than there are cores would only slow each other. */
  readonly atOnce: number;
  readonly warm: SandboxSpec;
  readonly log: Log;
}

export interface StartTimes {
  readonly warmMs: number;
  readonly coldMs: number;
}

/**
 * Whether a claim that finds nothing warm is served sooner by the oldest start under way than by a cold one. A start under
 * way runs at low priority until it is claimed, so its age counts for little more than what it has done. Pure.
 */
export function waitsForRefill(oldestAgeMs: number, times: StartTimes): boolean {
  return times.warmMs - oldestAgeMs < times.coldMs;
}

/** A warm sandbox that is becoming one. */
interface Making {
  readonly sinceMs: number;
  readonly starting: Starting;
  /** Settled when its sandbox is in the pool, taken, or gone. */
  readonly settled: Promise<void>;
  isTaken: boolean;
}

/**
 * Sandboxes that were started ahead, with pandas imported, and wait for their one run. None is used twice: a claimed one
 * leaves the pool for good.
 */
export function warmPool(settings: WarmPoolSettings): WarmPool {
  const { atOnce, engine, log, size } = settings;
  const ready: Sandbox[] = [];
  const making = new Set<Making>();
  /** Removals of sandboxes that died while they waited; who drains waits for them too. */
  const removing = new Set<Promise<void>>();
  const times = { warmMs: 2_000, coldMs: 600 };
  let isDraining = false;
  let retryMs = RETRY_MS_MIN;
  let retry: NodeJS.Timeout | null = null;

  const learn = (kind: keyof typeof times, ms: number) => {
    times[kind] += LEARNING_RATE * (ms - times[kind]);
  };

  /**
   * One that dies while it waits is replaced. Its host's trouble ends it, or the signal that ends the executor and met the
   * whole process group.
   */
  const watch = (sandbox: Sandbox): void => {
    void sandbox.ended.then(async () => {
      const at = ready.indexOf(sandbox);
      if (at < 0) return;
      ready.splice(at, 1);
      if (!isDraining) log('warn', 'a warm sandbox ended while it waited', { sandbox: sandbox.id });
      const removal = sandbox.destroy();
      removing.add(removal);
      await removal.finally(() => removing.delete(removal));
      refill();
    });
  };

  const untaken = (): Making[] => [...making].filter((each) => !each.isTaken);

  const makeOne = (): Making => {
    const settled = Promise.withResolvers<void>();
    const each: Making = {
      sinceMs: performance.now(),
      starting: engine.start(settings.warm),
      settled: settled.promise,
      isTaken: false,
    };
    making.add(each);
    void keep(each).finally(() => settled.resolve());
    return each;
  };

  const keep = async (each: Making): Promise<void> => {
    const started = await each.starting.started;
    making.delete(each);
    if (each.isTaken) return;
    if (!started.ok) return failed(started.reason);
    if (isDraining) return started.sandbox.destroy();
    retryMs = RETRY_MS_MIN;
    learn('warmMs', performance.now() - each.sinceMs);
    started.sandbox.rest();
    ready.push(started.sandbox);
    watch(started.sandbox);
    refill();
  };

  const failed = (reason: string): void => {
    if (isDraining) return;
    log('warn', 'a warm sandbox did not start', { reason, retry_ms: retryMs });
    if (retry !== null) return;
    retry = setTimeout(() => {
      retry = null;
      refill();
    }, retryMs);
    retry.unref();
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
  };

  const refill = (): void => {
    if (isDraining || retry !== null) return;
    while (making.size < atOnce && untaken().length + ready.length < size) makeOne();
  };

  const startCold = async (cold: SandboxSpec, signal: AbortSignal): Promise<Claim> => {
    if (signal.aborted) return { ok: false, reason: 'nobody wants it any more' };
    const sinceMs = performance.now();
    const started = await startedUnless(signal, engine.start(cold));
    if (!started.ok) return started;
    learn('coldMs', performance.now() - sinceMs);
    return { ok: true, claimed: { sandbox: started.sandbox, isWarm: false } };
  };

  return {
    get ready() {
      return ready.length;
    },
    refill,
    async claim({ suitsWarm, importsAhead }, cold, signal) {
      if (!suitsWarm) return startCold(cold, signal);
      // One that has just ended is left to be removed.
      const at = ready.findIndex(({ isOver }) => !isOver);
      const [sandbox] = at < 0 ? [] : ready.splice(at, 1);
      if (sandbox !== undefined) return { ok: true, claimed: { sandbox, isWarm: true } };
      // A cold start and the imports after it take longer than any start of a warm one.
      const oldest = untaken()[0] ?? (importsAhead && size > 0 ? makeOne() : null);
      if (oldest === null) return startCold(cold, signal);
      const ageMs = performance.now() - oldest.sinceMs;
      if (!importsAhead && !waitsForRefill(ageMs, times)) return startCold(cold, signal);
      oldest.isTaken = true;
      oldest.starting.hurry();
      const started = await startedUnless(signal, oldest.starting);
      if (!started.ok) return startCold(cold, signal);
      return { ok: true, claimed: { sandbox: started.sandbox, isWarm: true } };
    },
    async drain() {
      isDraining = true;
      if (retry !== null) clearTimeout(retry);
      const unfinished = untaken();
      for (const each of unfinished) each.starting.abort();
      await Promise.all(ready.splice(0).map((sandbox) => sandbox.destroy()));
      await Promise.all([...unfinished.map((each) => each.settled), ...removing]);
    },
  };
}

/** What comes of a start that is aborted when `signal` is. */
async function startedUnless(signal: AbortSignal, starting: Starting): Promise<Started> {
  signal.addEventListener('abort', starting.abort, { once: true });
  if (signal.aborted) starting.abort();
  return starting.started.finally(() => signal.removeEventListener('abort', starting.abort));
}
