import type { RequestId } from '@modelcontextprotocol/server';
import type { PostExchange } from './post-exchange.ts';
import type { SessionObject } from './session-object.ts';

/** A call that is over sooner asks nobody, so that it costs a session no state. */
const WATCH_AFTER_MS = 1000;
const WAIT_MS = 20_000;
const RETRY_MS = 500;

/**
 * Lets a `notifications/cancelled` that came by another POST, perhaps to another isolate, reach a call that takes long.
 * `request` is the call's id as the session's object knows it.
 */
export function watchCancellation(
  object: () => Pick<SessionObject, 'isCancelled'>,
  request: string,
  exchange: PostExchange,
): void {
  const timer = setTimeout(() => void watch(object, request, exchange), WATCH_AFTER_MS);
  void exchange.over.then(() => clearTimeout(timer));
}

async function watch(
  object: () => Pick<SessionObject, 'isCancelled'>,
  request: string,
  exchange: PostExchange,
): Promise<void> {
  const over = exchange.over.then(() => null);
  for (;;) {
    try {
      const cancelled = await Promise.race([object().isCancelled(request, WAIT_MS), over]);
      if (cancelled === null) return;
      if (cancelled) return exchange.cancel(JSON.parse(request) as RequestId);
    } catch {
      await scheduler.wait(RETRY_MS);
    }
  }
}
