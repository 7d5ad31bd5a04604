import { log } from '../../log.ts';
import type { ConnectionWorld } from './connection.ts';
import { readEvents } from './read-response.ts';

/** A stream that broke is opened anew after this. */
const AGAIN_MS = 2_000;

/**
 * Sends what the stream of a session brings, until `signal` ends it. A stream that breaks goes on after its last event:
 * the object that writes it may be evicted or redeployed while the socket stays. Never throws.
 */
export async function followStream(
  world: Pick<ConnectionWorld, 'serve' | 'send' | 'pause'>,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  let seen: Readonly<Record<string, string>> = {};
  while (!signal.aborted) {
    try {
      const response = await world.serve(new Request(url, { signal, headers: { ...headers, ...seen } }));
      if (isRefused(response)) return;
      for await (const { id, data } of readEvents(response)) {
        if (signal.aborted) return;
        if (id !== null) seen = { 'last-event-id': id };
        if (data !== null) world.send(data);
      }
    } catch (error) {
      if (!signal.aborted) log('error', 'mcp-socket', { error: String(error) });
    }
    await world.pause(AGAIN_MS);
  }
}

/** Whether asking again would be answered the same. */
function isRefused({ status }: Response): boolean {
  return status >= 400 && status < 500 && status !== 429;
}
