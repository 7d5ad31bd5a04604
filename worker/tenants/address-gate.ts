import { DurableObject } from 'cloudflare:workers';
import { limit } from '../../protocol/limits.ts';
import type { Env } from '../env.ts';
import { addressGateName } from './address-name.ts';
import { KeepAwake } from './keep-awake.ts';
import { type Bucket, retryAfterSeconds, take } from './token-bucket.ts';

/** A verification that did not report within this time counts as failed: its isolate is gone. */
const VERIFICATION_MS_MAX = 10_000;
const WAITING_MAX = 100;

/**
 * One for each address (an IPv6 network of 64 bits counts as one). In memory only, it keeps how many authentications
 * the address may still fail. It is asked before anything is hashed, and only for secrets that are not remembered as
 * right, so a flood uses up its own address and costs nobody else anything. No more verifications are under way than
 * may still fail; further ones wait, so that an office whose people log in at the same time is served, one after the
 * other.
 */
export class AddressGate extends DurableObject<Env> {
  private failures: Bucket = { tokens: limit('failed_logins_per_minute'), at: Date.now() };
  private underway: number[] = [];
  private readonly awake = new KeepAwake(this.ctx);
  private readonly waiting: (() => void)[] = [];
  private registrations: Bucket | undefined;
  private tokenFailures: Bucket | undefined;

  /** Begins a verification; the seconds to wait where the address may not, else null. */
  async attempt(): Promise<number | null> {
    this.awake.touch();
    for (;;) {
      this.expire();
      const left = take(this.failures, limit('failed_logins_per_minute'), Date.now());
      if (!left.ok) return retryAfterSeconds(left.waitMs);
      if (this.underway.length < Math.floor(left.bucket.tokens + 1)) {
        this.underway.push(Date.now());
        return null;
      }
      if (this.waiting.length >= WAITING_MAX) return 1;
      await Promise.race([
        new Promise<void>((resume) => this.waiting.push(resume)),
        scheduler.wait(VERIFICATION_MS_MAX),
      ]);
    }
  }

  /** Ends a verification; a failed one is counted. */
  finished(succeeded: boolean): void {
    this.underway.shift();
    if (!succeeded) this.countFailure();
    this.waiting.shift()?.();
    if (this.failures.tokens < 1) for (const resume of this.waiting.splice(0)) resume();
  }

  /** Takes one of the address's registrations of an OAuth client; the seconds to wait where there is none, else null. */
  startRegistration(): number | null {
    this.awake.touch();
    const taken = take(this.registrations, limit('client_registrations_per_minute'), Date.now());
    this.registrations = taken.bucket;
    return taken.ok ? null : retryAfterSeconds(taken.waitMs);
  }

  /** The seconds to wait before a request to the token endpoint where too many of the address were refused, else null. */
  startTokenRequest(): number | null {
    this.awake.touch();
    const left = take(this.tokenFailures, limit('failed_token_requests_per_minute'), Date.now());
    return left.ok ? null : retryAfterSeconds(left.waitMs);
  }

  /** Counts a refused one. */
  tokenRequestFailed(): void {
    this.tokenFailures = take(
      this.tokenFailures,
      limit('failed_token_requests_per_minute'),
      Date.now(),
    ).bucket;
  }

  private expire(): void {
    while ((this.underway[0] ?? Number.POSITIVE_INFINITY) < Date.now() - VERIFICATION_MS_MAX) {
      this.underway.shift();
      this.countFailure();
    }
  }

  private countFailure(): void {
    this.failures = take(this.failures, limit('failed_logins_per_minute'), Date.now()).bucket;
  }
}

/** The gate of `address`. */
export function addressGateOf(env: Env, address: string | null): DurableObjectStub<AddressGate> {
  return env.ADDRESS_GATE.get(env.ADDRESS_GATE.idFromName(addressGateName(address)));
}
