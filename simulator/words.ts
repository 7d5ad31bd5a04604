import type { FromExecutor, ToExecutor } from '../protocol/messages.ts';

/** A normal closure (RFC 6455, section 7.4.1): how an executor says goodbye. */
const GOODBYE = 1000;

interface Heard {
  readonly at: number;
  /** How far the clock of its pool was off then. */
  readonly clockOffsetMs: number;
}

/**
 * What executors and pools have said to one another, as it arrived: what a pool may know of an executor, found without asking
 * the pool.
 */
export class Words {
  private readonly heardAt = new Map<string, Heard & { readonly isHello: boolean }>();
  /** Of executors that said hello: whether it was that they take no further runs. */
  private readonly greeted = new Map<string, boolean>();
  /** Executors that have said that they take no further runs, and not said hello since. */
  private readonly draining = new Set<string>();
  /** Attempts that reached an executor, as `run fence executor`. */
  private readonly sent = new Set<string>();
  private goodbyes: string[] = [];

  /** A pool, whose clock is so far off, hears from an executor. */
  toPool(executor: string, message: FromExecutor, heard: Heard): void {
    this.heardAt.set(executor, { ...heard, isHello: message.type === 'hello' });
    if (message.type === 'draining') this.draining.add(executor);
    if (message.type !== 'hello') return;
    this.draining.delete(executor);
    this.greeted.set(executor, message.draining === true);
  }

  /** An executor hears from its pool. */
  toExecutor(executor: string, message: ToExecutor): void {
    if (message.type === 'job') this.sent.add(`${message.run} ${message.fence} ${executor}`);
    if (message.type === 'welcome' && this.greeted.get(executor)) this.draining.add(executor);
  }

  /** The last socket of an executor at its pool is closed, with this code. */
  closed(executor: string, code: number): void {
    if (code === GOODBYE) this.goodbyes.push(executor);
  }

  /** Those that said goodbye since it was asked last. */
  takeGoodbyes(): readonly string[] {
    const said = this.goodbyes;
    if (said.length > 0) this.goodbyes = [];
    return said;
  }

  /**
   * How long an executor has been silent by its pool's clock, which is now so far off. A word from the time to come is as far
   * away as one from long ago; but that a pool was greeted it notes once the database has answered, by its clock of then.
   */
  silentMs(executor: string, { at, clockOffsetMs }: Heard): number {
    const heard = this.heardAt.get(executor);
    if (heard === undefined) return Number.POSITIVE_INFINITY;
    return Math.abs(at - heard.at + (heard.isHello ? 0 : clockOffsetMs - heard.clockOffsetMs));
  }

  hasSaidItDrains(executor: string): boolean {
    return this.draining.has(executor);
  }

  wasSent(executor: string, run: string, fence: number): boolean {
    return this.sent.has(`${run} ${fence} ${executor}`);
  }
}
