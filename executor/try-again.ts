import { setTimeout as delay } from 'node:timers/promises';
import { limit } from '../protocol/limits.ts';
import { backoffMs } from './backoff.ts';

/** As long as the pool waits for a silent executor, the executor waits for the Worker: one that is replaced or busy is back by then. */
export const TRIED_MS = limit('lease_ms') + limit('lease_grace_ms');
const BACKOFF_MS = { min: 250, max: 5_000 } as const;

/** A try at the Worker that came to nothing. */
export interface TryFailed {
  readonly ok: false;
  /** How long to leave the Worker alone before another try; null where none would go better. */
  readonly againAfterMs: number | null;
}

/** The same of a refusal: the seconds of `Retry-After` (RFC 9110, section 10.2.3), and 0 where it names none. */
export function againAfterMs({ status, headers }: Pick<Response, 'status' | 'headers'>): number | null {
  if (status < 500 && status !== 429) return null;
  const seconds = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : 0;
}

export interface TryTime {
  readonly nowMs: () => number;
  /** Rejects when `signal` is aborted. */
  readonly pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

const HERE: TryTime = {
  nowMs: () => performance.now(),
  pause: (ms, signal) => delay(ms, undefined, { signal }),
};

/**
 * Tries until it goes well, no other try would, or `signal` is aborted; the last time when {@link TRIED_MS} are over. Those who
 * are refused together do not come back together.
 */
export async function tryAgain<Tried extends { readonly ok: true } | TryFailed>(
  attempt: () => Promise<Tried>,
  signal?: AbortSignal,
  { nowMs, pause }: TryTime = HERE,
): Promise<Tried> {
  const until = nowMs() + TRIED_MS;
  for (let times = 1; ; times++) {
    const tried = await attempt();
    const leftMs = until - nowMs();
    if (tried.ok || tried.againAfterMs === null || leftMs <= 0) return tried;
    const wishedMs = tried.againAfterMs + backoffMs(times, Math.random(), BACKOFF_MS);
    const hasPassed = await pause(Math.min(wishedMs, leftMs), signal).then(
      () => true,
      () => false,
    );
    if (!hasPassed) return tried;
  }
}
