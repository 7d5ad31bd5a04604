import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

const APART_MS = 1_000;

/**
 * `GET /healthz`: the start-up checks pass, or this would not be reached. Asked for an event stream it says so twice, a
 * second apart and with its time, so that `./causeway doctor` sees whether something in front holds streams back, and
 * whether the clocks agree.
 */
export function serveHealth(context: Context<AppEnv>): Response {
  if (!context.req.header('accept')?.includes('text/event-stream')) return context.json({ ok: true });
  let sent = 0;
  const events = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent++ > 0) await scheduler.wait(APART_MS);
      const event = JSON.stringify({ ok: true, at: new Date().toISOString() });
      controller.enqueue(new TextEncoder().encode(`data: ${event}\n\n`));
      if (sent === 2) controller.close();
    },
  });
  return new Response(events, { headers: { 'content-type': 'text/event-stream' } });
}
