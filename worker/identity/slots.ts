/** Bounded work: at most `running` at once, at most `waiting` behind them, first come first served. */
export interface Slots {
  /** Runs `work` in a slot; null, without a start, where the queue is full, or as full as `owner` may make it. */
  run<Result>(work: () => Promise<Result>, owner?: string): Promise<{ readonly done: Result } | null>;
}

export interface SlotBounds {
  readonly running: number;
  readonly waiting: number;
  /** What one owner may have of each, so that the others have a turn; all of them unless said. */
  readonly ofOne?: { readonly running: number; readonly waiting: number };
  /** A slot that is held longer, or a waiter that has not looked for so long, belongs to a request that is gone. */
  readonly abandonedMs: number;
}

export interface WaitingTime {
  readonly now: () => number;
  /** How a waiter passes the time until it looks again. */
  readonly pause: () => Promise<void>;
}

const LOOK_AGAIN_MS = 20;
export const ISOLATE_TIME: WaitingTime = {
  now: () => Date.now(),
  pause: () => scheduler.wait(LOOK_AGAIN_MS),
};

interface Ticket {
  readonly owner: string;
  seenMs: number;
}

/**
 * Makes slots that live in one isolate, like the memory that they protect. The runtime ends a request whose client has
 * gone without running its `finally`, so what it held expires. A waiter looks again after each pause: a promise that
 * another request resolves would leave its own request with nothing to wait for, which the runtime takes for a hang.
 */
export function createSlots(bounds: SlotBounds, time: WaitingTime = ISOLATE_TIME): Slots {
  const running: Ticket[] = [];
  const waiting: Ticket[] = [];
  const { ofOne = bounds } = bounds;
  const countOf = (tickets: readonly Ticket[], owner: string) =>
    tickets.filter((ticket) => ticket.owner === owner).length;
  const isFullFor = (owner: string) =>
    (running.length >= bounds.running && waiting.length >= bounds.waiting) ||
    (countOf(running, owner) >= ofOne.running && countOf(waiting, owner) >= ofOne.waiting);
  /** Whose turn it is: who waits longest of those who may have another slot. */
  const next = () =>
    running.length < bounds.running
      ? waiting.find(({ owner }) => countOf(running, owner) < ofOne.running)
      : undefined;
  const dropAbandoned = (): void => {
    const oldest = time.now() - bounds.abandonedMs;
    for (const tickets of [running, waiting])
      tickets.splice(0, tickets.length, ...tickets.filter(({ seenMs }) => seenMs > oldest));
  };
  return {
    async run(work, owner = '') {
      dropAbandoned();
      if (isFullFor(owner)) return null;
      const ticket: Ticket = { owner, seenMs: time.now() };
      waiting.push(ticket);
      while (next() !== ticket) {
        await time.pause();
        ticket.seenMs = time.now();
        dropAbandoned();
        if (!waiting.includes(ticket)) return null;
      }
      waiting.splice(waiting.indexOf(ticket), 1);
      running.push(ticket);
      try {
        return { done: await work() };
      } finally {
        const at = running.indexOf(ticket);
        if (at >= 0) running.splice(at, 1);
      }
    },
  };
}
