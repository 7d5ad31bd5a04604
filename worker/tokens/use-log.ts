import { DatabaseUnavailable, EntryRefused } from '../database/errors.ts';
import { log } from '../log.ts';
import type { TokenUse } from './token-use.ts';

/** Entries wait this long for others; with the tenth of a second before they came here it is the second that a crash can lose beside the write under way. */
export const FLUSH_MS = 900;
const PAUSE_MS_MAX = 30_000;
export const WAITING_MAX = 2000;
/** A write that the database refuses as wrong is tried this often, then its count is lost as well. */
const FAILURES_MAX = 5;

/** What the log needs of the world. */
export interface UseLogWorld {
  /** Writes a batch; throws where it was not written. */
  readonly write: (uses: readonly TokenUse[], dropped: number) => Promise<void>;
  readonly wait: (ms: number) => Promise<unknown>;
  /** Keeps the object alive until the work is done. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/**
 * Entries of the request log on their way to the database, in memory: a second's worth goes in one write. While the
 * database is away they wait, {@link WAITING_MAX} at most; further ones are counted, and the count is written.
 */
export class UseLog {
  private waiting: TokenUse[] = [];
  private dropped = 0;
  private isWriting = false;
  private readonly world: UseLogWorld;

  constructor(world: UseLogWorld) {
    this.world = world;
  }

  /** Takes an entry; returns at once. */
  add(use: TokenUse): void {
    if (this.waiting.length < WAITING_MAX) this.waiting.push(use);
    else this.dropped++;
    if (this.isWriting) return;
    this.isWriting = true;
    this.world.waitUntil(this.writeOut());
  }

  /** Counts entries that were lost on their way here. */
  addLost(count: number): void {
    this.dropped += count;
  }

  private async writeOut(): Promise<void> {
    let failures = 0;
    while (this.waiting.length > 0 || this.dropped > 0) {
      await this.world.wait(Math.min(FLUSH_MS * 2 ** failures, PAUSE_MS_MAX));
      const uses = this.waiting;
      const dropped = this.dropped;
      this.waiting = [];
      this.dropped = 0;
      try {
        await this.world.write(uses, dropped);
        failures = 0;
      } catch (error) {
        failures++;
        this.takeBack(error, uses, dropped, failures);
      }
    }
    this.isWriting = false;
  }

  private takeBack(error: unknown, uses: readonly TokenUse[], dropped: number, failures: number): void {
    const lasts = error instanceof EntryRefused || failures > FAILURES_MAX;
    if (error instanceof DatabaseUnavailable) {
      const kept = [...uses, ...this.waiting];
      this.waiting = kept.slice(0, WAITING_MAX);
      this.dropped += dropped + kept.length - this.waiting.length;
      return;
    }
    log('error', 'token-uses', { lost: uses.length, error: String(error) });
    if (!lasts) this.dropped += dropped + uses.length;
  }
}
