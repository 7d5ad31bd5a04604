import type { Refused } from '../database/refusals.ts';
import { log } from '../log.ts';

/** What comes within this time is written together. */
export const GATHER_MS = 10_000;
const PAUSE_MS_MAX = 60_000;
/** More kinds than this are an attack: only the first so many are told apart, but all are counted. */
const KINDS_MAX = 500;
/** In one row. */
export const SHOWN_MAX = 50;

/** What the log needs of the world. */
export interface RefusalLogWorld {
  /** Writes a row; the seconds to wait where it is too soon for one, else null. */
  readonly write: (refused: readonly Refused[], total: number) => Promise<number | null>;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly now: () => number;
}

/**
 * Refusals before it was known who asks, on their way to the platform's log, counted: however many there are, the memory that
 * they take and the rows that they become are bounded. What an isolate holds when it ends is lost.
 */
export class RefusalLog {
  private counts = new Map<string, Refused>();
  private total = 0;
  private writingUntil = 0;
  private readonly world: RefusalLogWorld;

  constructor(world: RefusalLogWorld) {
    this.world = world;
  }

  /** Counts one. Returns the write, to be awaited behind the answer, or null where an earlier caller's write takes it along. */
  add({ route, status, address }: Omit<Refused, 'count'>): Promise<void> | null {
    const key = `${route} ${status} ${address}`;
    const count = (this.counts.get(key)?.count ?? 0) + 1;
    if (count > 1 || this.counts.size < KINDS_MAX) this.counts.set(key, { route, status, address, count });
    this.total++;
    // The platform may have ended an earlier caller's write too soon; once that one's time is over, this caller writes.
    if (this.world.now() < this.writingUntil) return null;
    return this.writeOut();
  }

  private async writeOut(): Promise<void> {
    let pauseMs = GATHER_MS;
    while (this.total > 0) {
      this.writingUntil = this.world.now() + 2 * pauseMs;
      await this.world.wait(pauseMs);
      const [counts, total] = [this.counts, this.total];
      this.counts = new Map();
      this.total = 0;
      const most = [...counts.values()].toSorted((a, b) => b.count - a.count).slice(0, SHOWN_MAX);
      const wait = await this.written(most, total);
      if (wait === null) continue;
      this.takeBack(counts, total);
      pauseMs = Math.min(wait * 1000, PAUSE_MS_MAX);
    }
    this.writingUntil = 0;
  }

  private async written(most: readonly Refused[], total: number): Promise<number | null> {
    try {
      return await this.world.write(most, total);
    } catch (error) {
      log('error', 'refusal-log', { error: String(error) });
      return PAUSE_MS_MAX / 1000;
    }
  }

  private takeBack(counts: ReadonlyMap<string, Refused>, total: number): void {
    for (const [key, refused] of counts) {
      const since = this.counts.get(key)?.count ?? 0;
      if (since > 0 || this.counts.size < KINDS_MAX)
        this.counts.set(key, { ...refused, count: refused.count + since });
    }
    this.total += total;
  }
}
