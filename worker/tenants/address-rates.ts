import { keepNewest } from '../keep-newest.ts';
import { type Bucket, retryAfterSeconds, take } from './token-bucket.ts';

const ADDRESSES_MAX = 10_000;

/** A token bucket for each address, in the memory of one isolate; of the many the one that was quiet longest is forgotten. */
export class AddressRates {
  private readonly perMinute: number;
  private readonly buckets = new Map<string, Bucket>();

  constructor(perMinute: number) {
    this.perMinute = perMinute;
  }

  /** Takes one of the address's requests; the seconds to wait where there is none, else null. */
  take(address: string, now: number): number | null {
    const taken = take(this.buckets.get(address), this.perMinute, now);
    keepNewest(this.buckets, address, taken.bucket, ADDRESSES_MAX);
    return taken.ok ? null : retryAfterSeconds(taken.waitMs);
  }
}
