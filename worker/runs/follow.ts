import type { Outcome } from '../../protocol/outcome.ts';
import { selectMayOpen } from '../database/runs.ts';
import { withTenant } from '../database/with-tenant.ts';
import { type Unseen, unseen } from '../sight/unseen.ts';
import { aborted, type Caller, type Reader } from './caller.ts';
import type { FeedPage } from './feed/feed-buffer.ts';
import type { FirstOutput } from './pool/pool.ts';
import type { WaitAnswer } from './pool/submit.ts';
import { feedOf } from './pool-of.ts';
import { type FeedSummary, summarize } from './summarize-feed.ts';

/** What a pool answers of a run, its outcome closed until it is known who asks. */
export type Followed =
  | { readonly step: 'ended'; readonly outcome: Unseen<Outcome> }
  | Exclude<WaitAnswer, { readonly step: 'ended' }>;

interface Asked {
  readonly run: string;
  readonly waitMs: number;
  readonly withheld: boolean;
  /** When the database was asked for that, ms since 1970. */
  readonly askedAt: number;
  /** Of a run that was just submitted: its first output within {@link READ_MS}, where that comes before its feed. */
  readonly firstOutput: Promise<FirstOutput | null> | null;
}

/** Silence after which a client is told that the run is active still. */
export const READ_MS = 5_000;
/** What a run says within this time after a notification is the next one. */
const GATHER_MS = 200;
/** So long the answer that began a call counts as one of this moment: what a short run prints is told by it (decision 0233). */
const BELIEVED_MS = 100;

/**
 * Waits for a pool's answer and meanwhile tells a client that asked for progress what the run prints: the first output as
 * soon as it is there. Of a `withheld` run it tells only that it is active, and what people withhold meanwhile is not told
 * from then on. Null where the client goes away, the pool does (a deploy), or the run came to be withheld: the database
 * knows how it stands, and what the caller sees of it.
 */
export async function follow(
  context: Caller,
  asked: Asked,
  waiting: Promise<WaitAnswer>,
): Promise<Followed | null> {
  const { run, waitMs } = asked;
  let { withheld } = asked;
  const ended = waiting.then(
    (given) => closed(given, asked.withheld),
    () => null,
  );
  const answer = Promise.race([ended, aborted(context.signal)]);
  await context.waitsFor(run, Date.now() + waitMs);
  if (!context.wantsProgress) return answer;
  const over = answer.then(() => 'over' as const);
  const startedAt = Date.now();
  let position = 0;
  let told: FeedSummary = { done: 0, total: null, message: '' };
  let reading: Promise<FeedPage | 'lost' | 'over'> = withheld ? silence(position) : readFirst(context, asked);
  for (;;) {
    const page = await Promise.race([reading, over]);
    if (page === 'over') return answer;
    if (page !== 'lost') {
      position = page.position;
      // Asked once it was read: what is told now was seen before anybody withheld it.
      withheld ||= page.events.length > 0 && !isFresh(asked) && !(await maySee(context, run));
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      const said = withheld ? null : summarize(page.events, told);
      told = said ?? { ...told, message: `active for ${seconds} s` };
      await context.progress(told.done, told.total, told.message);
    }
    if ((await Promise.race([pause(GATHER_MS), over])) === 'over') return answer;
    reading = withheld ? silence(position) : readFeed(context, run, position);
  }
}

function closed(answer: WaitAnswer, withheld: boolean): Followed | null {
  if (answer.step !== 'ended') return answer;
  return answer.withheld === withheld ? { step: 'ended', outcome: unseen(answer.outcome) } : null;
}

function isFresh({ askedAt }: Asked): boolean {
  return Date.now() - askedAt < BELIEVED_MS;
}

/** Whether the caller may see what the run says; not, where nobody can say so. */
function maySee({ platform, principal }: Reader, run: string): Promise<boolean> {
  return withTenant(platform.database, principal, [selectMayOpen(run)] as const).then(
    ([isSeen]) => isSeen,
    () => false,
  );
}

async function silence(position: number): Promise<FeedPage> {
  await pause(READ_MS);
  return { events: [], position };
}

async function readFirst(reader: Reader, { run, firstOutput }: Asked): Promise<FeedPage | 'lost' | 'over'> {
  const first = firstOutput === null ? 'on_feed' : await firstOutput;
  return first === 'on_feed' ? readFeed(reader, run, 0) : (first ?? { events: [], position: 0 });
}

/** What comes next; `lost` where the feed's object stopped meanwhile: the next reading finds it, and goes on at the same position. */
function readFeed({ platform }: Reader, run: string, position: number): Promise<FeedPage | 'lost'> {
  return feedOf(platform.env, run)
    .read(position, READ_MS)
    .catch(() => 'lost' as const);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
