import { EventQueue } from './event-queue.ts';
import { Random } from './random.ts';

/** A process of the simulated world. What it still had to do dies with it. */
export class Actor {
  readonly name: string;
  /** How far its clock is off. */
  clockOffsetMs = 0;
  isAlive = true;
  /** Timers and answers that it waits for. */
  pending = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** The real ones; the simulated processes see those of `virtual-globals.ts`. */
const realImmediate = setImmediate;
const turn = (): Promise<void> => new Promise((resolve) => realImmediate(resolve));

/** 2026-06-01T00:00:00Z. */
export const BEGIN_MS = 1_780_272_000_000;

interface Outstanding {
  readonly native: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Virtual time. Everything that happens is an event of one actor, and each event is over (its promises settled as far as
 * they can be) before the next begins: equal seeds give equal histories, and a process can be killed between any two steps.
 */
export class World {
  readonly random: Random;
  /** What is no simulated process: the network, the disks, the platform. */
  readonly machine = new Actor('machine');
  private readonly queue = new EventQueue();
  private readonly outstanding: Outstanding[] = [];
  private order = 0;
  private nowMs = BEGIN_MS;
  private acting: Actor = this.machine;
  /** Called before each event. */
  beforeEach: () => void = () => {};
  /** Called after each event, when nothing moves; `current` is still whose it was. */
  afterEach: () => void = () => {};

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** True time, ms since 1970. */
  get now(): number {
    return this.nowMs;
  }

  /** Whose code runs. */
  get current(): Actor {
    return this.acting;
  }

  /** Has `actor` do something later; gives the way to take that back. */
  at(delayMs: number, actor: Actor, act: () => void): () => void {
    let isOver = false;
    actor.pending++;
    const end = (): boolean => {
      if (isOver) return false;
      isOver = true;
      actor.pending--;
      return true;
    };
    this.queue.add({
      at: this.nowMs + Math.max(0, delayMs),
      order: this.order++,
      act: () => {
        if (!end() || !actor.isAlive) return;
        this.acting = actor;
        act();
      },
    });
    return end;
  }

  /** The rest of this event is `actor`'s. */
  become(actor: Actor): void {
    this.acting = actor;
  }

  /** A promise that settles only while `actor` lives, in an event of its own. */
  promiseFor<Value>(actor: Actor): {
    readonly promise: Promise<Value>;
    readonly settle: (delayMs: number, settled: { value: Value } | { error: unknown }) => void;
  } {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    let isOpen = true;
    actor.pending++;
    return {
      promise,
      settle: (delayMs, settled) => {
        if (!isOpen) return;
        isOpen = false;
        actor.pending--;
        this.at(delayMs, actor, () => ('error' in settled ? reject(settled.error) : resolve(settled.value)));
      },
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(delayMs, this.acting, resolve);
    });
  }

  /** Work of Node's thread pool (cryptography): it takes no virtual time, and settles in the order in which it was begun. */
  inOrder<Value>(native: Promise<Value>): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    native.catch(() => {});
    this.outstanding.push({ native, resolve: resolve as (value: unknown) => void, reject });
    return promise;
  }

  /** Plays events until `until` (ms since 1970), or until `isDone`. */
  async play(until: number, isDone: () => boolean = () => false): Promise<void> {
    for (;;) {
      const next = this.queue.next;
      if (isDone()) return;
      if (next === undefined || next.at > until) break;
      this.queue.take();
      this.nowMs = next.at;
      this.beforeEach();
      next.act();
      await this.settle();
      this.afterEach();
      this.acting = this.machine;
    }
    this.nowMs = Math.max(this.nowMs, until);
  }

  private async settle(): Promise<void> {
    for (;;) {
      await turn();
      const first = this.outstanding.shift();
      if (first === undefined) return;
      await first.native.then(first.resolve, first.reject);
    }
  }
}
