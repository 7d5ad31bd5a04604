import type { ToolContext } from '../mcp/tool.ts';
import type { WaitAnswer } from './pool/submit.ts';
import { feedOf } from './pool-of.ts';
import { type FeedSummary, summarize } from './summarize-feed.ts';

/** A run that ends sooner has all its output in its outcome: its feed is not even opened. */
const QUIET_MS = 300;
const READ_MS = 5_000;
/** What a run says within this time is one notification. */
const GATHER_MS = 200;

/**
 * Waits for a pool's answer and meanwhile tells a client that asked for progress what the run prints. Null where the
 * client goes away, or the pool does (a deploy): the run goes on, and the database knows how it stands.
 */
export async function follow(
  context: ToolContext,
  { run, waitMs }: { readonly run: string; readonly waitMs: number },
  waiting: Promise<WaitAnswer>,
): Promise<WaitAnswer | null> {
  const answer = Promise.race([waiting.catch(() => null), aborted(context.signal)]);
  await context.waitsFor(run, Date.now() + waitMs);
  if (!context.wantsProgress) return answer;
  const early = await Promise.race([answer.then((value) => ({ value })), pause(QUIET_MS)]);
  if (early !== undefined) return early.value;
  const over = answer.then(() => null);
  const startedAt = Date.now();
  const feed = feedOf(context.platform.env, run);
  let position = 0;
  let told: FeedSummary = { done: 0, total: null, message: '' };
  for (;;) {
    const reading = feed.read(position, READ_MS);
    const page = await Promise.race([reading.catch(() => null), over]);
    if (page === null) return answer;
    position = page.position;
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    told = summarize(page.events, told) ?? { ...told, message: `active for ${seconds} s` };
    await context.progress(told.done, told.total, told.message);
    await Promise.race([pause(GATHER_MS), over]);
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms);
  });
}
