/** A rate limit's memory: tokens left and the time (ms) at which they were counted. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export type Taken =
  | { readonly ok: true; readonly bucket: Bucket }
  | { readonly ok: false; readonly bucket: Bucket; readonly waitMs: number };

/** Takes one token from a bucket that holds `perMinute` and refills evenly; an absent bucket is full. Pure. */
export function take(bucket: Bucket | undefined, perMinute: number, now: number): Taken {
  const perMs = perMinute / 60_000;
  const before = bucket ?? { tokens: perMinute, at: now };
  const tokens = Math.min(perMinute, before.tokens + Math.max(0, now - before.at) * perMs);
  if (tokens < 1) {
    return { ok: false, bucket: { tokens, at: now }, waitMs: Math.ceil((1 - tokens) / perMs) };
  }
  return { ok: true, bucket: { tokens: tokens - 1, at: now } };
}

/** A wait in the whole seconds of `Retry-After` (RFC 9110, section 10.2.3), at least one. Pure. */
export function retryAfterSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1000));
}

/** What is left in a bucket, and the seconds until it is full, or, where none is left, until one is. Pure. */
export function leftIn({ tokens }: Bucket, perMinute: number): { remaining: number; resetSeconds: number } {
  const wanted = tokens < 1 ? 1 : perMinute;
  return { remaining: Math.max(0, Math.floor(tokens)), resetSeconds: ((wanted - tokens) * 60) / perMinute };
}

/** Takes what a call turned out to cost beyond the token that let it in; the next calls wait for a debt. Pure. */
export function charge({ tokens, at }: Bucket, cost: number): Bucket {
  return { tokens: tokens - cost, at };
}
