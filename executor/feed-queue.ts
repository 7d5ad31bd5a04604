import type { FeedEvent } from '../protocol/feed.ts';
import type { Progress } from './read-progress.ts';

/** Texts of one stream that follow each other become one event up to this. */
const EVENT_CHARS_MAX = 16 * 1024;
/** What an event costs beside its text, in characters: a flood of tiny ones is bounded too. */
const EVENT_COST = 100;
/** What waits to be sent; what came first is given up for what came last. */
const WAITING_COST_MAX = 256 * 1024;
/** What is sent and not confirmed, kept so that it can be sent again. */
const UNCONFIRMED_COST_MAX = 256 * 1024;
/** More progress than this at once tells nobody more: the newest takes the place of the one before. */
const PROGRESS_WAITING_MAX = 20;

type Unnumbered<Event> = Event extends FeedEvent ? Omit<Event, 'sequence'> : never;
type Waiting = Unnumbered<FeedEvent>;

/** The events of a run on their way to RunFeed, in order. Bounded, whatever the run prints and whoever takes nothing. */
export interface FeedQueue {
  addText(kind: 'stdout' | 'stderr', text: string, atMs: number): void;
  addProgress(progress: Progress, atMs: number): void;
  /** What to send now; with `all` also beyond what may be unconfirmed. Numbers what was not sent before. */
  take(all?: boolean): FeedEvent[];
  /** The other side has the events up to `sequence` for good. */
  confirm(sequence: number): void;
  /** A new socket: what is unconfirmed is to be sent again. */
  rewind(): void;
  /** Whether anything was ever taken. */
  readonly hasBegun: boolean;
}

export function feedQueue(): FeedQueue {
  let waiting: Waiting[] = [];
  let waitingCost = 0;
  let unconfirmed: FeedEvent[] = [];
  let unconfirmedCost = 0;
  /** How many of `unconfirmed` went out on the present socket. */
  let sent = 0;
  let sequence = 0;

  let progressWaiting = 0;

  const put = (event: Waiting): void => {
    waiting.push(event);
    waitingCost += costOf(event);
    if (event.kind === 'progress') progressWaiting += 1;
  };
  /** Accounts for an event that no longer waits. */
  const left = (event: Waiting): void => {
    waitingCost -= costOf(event);
    if (event.kind === 'progress') progressWaiting -= 1;
  };

  /** Gives up the oldest events for a gap in their place, which counts their text; progress is made up for by the newer. */
  const makeRoom = (): void => {
    if (waitingCost <= WAITING_COST_MAX) return;
    let chars = 0;
    let dropped = 0;
    const atMs = waiting[0]?.at_ms ?? 0;
    while (waitingCost > WAITING_COST_MAX / 2 && dropped < waiting.length - 1) {
      const event = waiting[dropped++] as Waiting;
      left(event);
      chars += charsLost(event);
    }
    waiting = waiting.slice(dropped);
    if (chars === 0) return;
    waiting.unshift({ kind: 'gap', at_ms: atMs, chars });
    waitingCost += EVENT_COST;
  };

  return {
    addText(kind, text, atMs) {
      for (const piece of piecesOf(text)) {
        const last = waiting.at(-1);
        if (last?.kind === kind && last.text.length + piece.length <= EVENT_CHARS_MAX) {
          last.text += piece;
          waitingCost += piece.length;
        } else put({ kind, text: piece, at_ms: atMs });
      }
      makeRoom();
    },
    addProgress(progress, atMs) {
      if (progressWaiting >= PROGRESS_WAITING_MAX) {
        const superseded = waiting.findLastIndex(({ kind }) => kind === 'progress');
        for (const event of waiting.splice(superseded, 1)) left(event);
      }
      put({ kind: 'progress', ...progress, at_ms: atMs });
      makeRoom();
    },
    take(all = false) {
      let taken = 0;
      while (taken < waiting.length && (all || unconfirmedCost < UNCONFIRMED_COST_MAX)) {
        const event = waiting[taken++] as Waiting;
        left(event);
        unconfirmedCost += costOf(event);
        sequence += 1;
        unconfirmed.push({ ...event, sequence });
      }
      waiting = waiting.slice(taken);
      const due = unconfirmed.slice(sent);
      sent = unconfirmed.length;
      return due;
    },
    confirm(upTo) {
      const kept = unconfirmed.filter((event) => event.sequence > upTo);
      sent = Math.max(0, sent - (unconfirmed.length - kept.length));
      unconfirmed = kept;
      unconfirmedCost = kept.reduce((sum, event) => sum + costOf(event), 0);
    },
    rewind() {
      sent = 0;
    },
    get hasBegun() {
      return sequence > 0;
    },
  };
}

/** `text` in pieces of at most {@link EVENT_CHARS_MAX}, none of which ends inside a character. */
function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = start + EVENT_CHARS_MAX;
    const isHighSurrogate = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
    const piece = text.slice(start, isHighSurrogate ? end - 1 : end);
    yield piece;
    start += piece.length;
  }
}

function costOf(event: Waiting): number {
  if (event.kind === 'gap') return EVENT_COST;
  return EVENT_COST + (event.kind === 'progress' ? event.message : event.text).length;
}

function charsLost(event: Waiting): number {
  if (event.kind === 'gap') return event.chars;
  return event.kind === 'progress' ? 0 : event.text.length;
}
