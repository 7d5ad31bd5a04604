import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { keepNewest } from '../keep-newest.ts';
import type { RateRefusal } from './authenticate-bearer.ts';

const CREDENTIALS_MAX = 10_000;

interface Spent {
  readonly refused: RateRefusal;
  /** Unix ms at which the gate has a call again. */
  readonly until: number;
}

/**
 * Credentials that their tenant's gate has just refused for a rate, in the memory of one isolate, until the gate has a call
 * again: what a flood sends meanwhile is refused here, and the gate, which its neighbours ask as well, hears nothing of it.
 * It only repeats a refusal, and forgets it no later than the gate would.
 */
export class SpentRates {
  private readonly byBearerSha256 = new Map<string, Spent>();
  private lastUntil = 0;

  /** The gate's refusal of this very bearer, with what is left of the wait; null where it is over or there was none. */
  async refusalOf(bearer: string, now: number = Date.now()): Promise<RateRefusal | null> {
    if (now >= this.lastUntil) {
      this.byBearerSha256.clear();
      return null;
    }
    const spent = this.byBearerSha256.get(await sha256Hex(utf8(bearer)));
    return spent === undefined || now >= spent.until ? null : { ...spent.refused, waitMs: spent.until - now };
  }

  /** Remembers what the gate has just answered; of too many the one that was refused longest ago is forgotten. */
  async keep(bearer: string, refused: RateRefusal, now: number = Date.now()): Promise<void> {
    const key = await sha256Hex(utf8(bearer));
    const until = now + refused.waitMs;
    keepNewest(this.byBearerSha256, key, { refused, until }, CREDENTIALS_MAX);
    this.lastUntil = Math.max(this.lastUntil, until);
  }
}
