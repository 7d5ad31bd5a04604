import { DurableObject } from 'cloudflare:workers';
import { limit } from '../../protocol/limits.ts';
import type { Env } from '../env.ts';
import { type Bucket, take } from './token-bucket.ts';

/**
 * One an address (an IPv6 network of 64 bits counts as one), in memory only: how many authentications it may still
 * fail. It is asked before anything is hashed, and only for secrets that are not remembered as right, so a flood costs
 * its sender the address and nobody else anything.
 */
export class AddressGate extends DurableObject<Env> {
  private failures: Bucket | undefined;

  /** Takes one attempt; the seconds to wait where the address has none left, else null. */
  attempt(): number | null {
    const taken = take(this.failures, limit('failed_logins_per_minute'), Date.now());
    this.failures = taken.bucket;
    return taken.ok ? null : taken.retryAfterSeconds;
  }

  /** Gives an attempt back: it succeeded. */
  succeeded(): void {
    if (this.failures === undefined) return;
    this.failures = {
      ...this.failures,
      tokens: Math.min(limit('failed_logins_per_minute'), this.failures.tokens + 1),
    };
  }
}

/** The name of the gate of `address`. Unknown addresses share one. */
export function addressGateName(address: string | null): string {
  if (address === null) return 'unknown';
  return address.includes(':') ? ipv6Network(address) : address;
}

function ipv6Network(address: string): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
