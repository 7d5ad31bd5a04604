import { EVENTS_MAX, type FeedEvent } from '../../../protocol/feed.ts';

/** At least this much of the newest output is kept for replay. */
const KEPT_CHARS = 256 * 1024;
/** What is held in memory before it is written. */
const UNWRITTEN_CHARS_MAX = 64 * 1024;
const PAGE_EVENTS_MAX = 200;
const EVENTS_PER_ATTEMPT = EVENTS_MAX + 1;

export interface FeedPage {
  readonly events: readonly FeedEvent[];
  /** Where to read on. */
  readonly position: number;
}

interface Unwritten {
  readonly position: number;
  readonly text: string;
}

/**
 * The newest events of a run. A position is an attempt and a sequence in one number, so that a reader goes on where it was
 * whatever happened to this object. What comes twice or from an older attempt is dropped, and a new attempt begins the feed
 * anew. Events are written behind ({@link flush}): a run that ends sooner never touches the disk, and what is lost in a
 * crash is not confirmed yet, so its executor has it still.
 */
export class FeedBuffer {
  private readonly sql: SqlStorage;
  /** The table is made by the first write, so that looking at a run that never had a feed leaves nothing behind. */
  private exists: boolean;
  private unwritten: Unwritten[] = [];
  private unwrittenChars = 0;
  private newest = 0;
  private writtenChars = 0;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.exists = sql.exec("select 1 from sqlite_master where name = 'events'").toArray().length > 0;
    if (!this.exists) return;
    const kept = sql
      .exec<{ newest: number; chars: number }>(
        'select coalesce(max(position), 0) as newest, coalesce(sum(length(event)), 0) as chars from events',
      )
      .one();
    this.newest = kept.newest;
    this.writtenChars = kept.chars;
  }

  /** False for what is known already, or of an older attempt. */
  add(fence: number, event: FeedEvent): boolean {
    const position = positionOf(fence, event);
    if (position <= this.newest) return false;
    if (fence > attemptOf(this.newest)) this.startAgain();
    const text = JSON.stringify(event);
    this.unwritten.push({ position, text });
    this.unwrittenChars += text.length;
    this.newest = position;
    return true;
  }

  /** Whether so much is unwritten that it should not wait. */
  get isFull(): boolean {
    return this.unwrittenChars > UNWRITTEN_CHARS_MAX;
  }

  /** Whether anything of it is on the disk. */
  get isStored(): boolean {
    return this.exists;
  }

  /** The last sequence of this attempt that is here, 0 for none. */
  have(fence: number): number {
    return attemptOf(this.newest) === fence ? this.newest % EVENTS_PER_ATTEMPT : 0;
  }

  /** Writes what is only in memory, and drops what is too old. */
  flush(): void {
    if (this.unwritten.length === 0) return;
    if (!this.exists) {
      this.sql.exec('create table events (position integer primary key, event text not null)');
      this.exists = true;
    }
    for (const { position, text } of this.unwritten)
      this.sql.exec('insert into events (position, event) values (?, ?)', position, text);
    this.writtenChars += this.unwrittenChars;
    this.unwritten = [];
    this.unwrittenChars = 0;
    if (this.writtenChars > 2 * KEPT_CHARS) this.dropOldest();
  }

  isEmptyAfter(position: number): boolean {
    return this.newest <= position;
  }

  read(after: number): FeedPage {
    const rows = [...this.written(after, PAGE_EVENTS_MAX), ...this.unwritten]
      .filter(({ position }) => position > after)
      .slice(0, PAGE_EVENTS_MAX);
    return { events: rows.map(({ text }) => parsed(text)), position: rows.at(-1)?.position ?? after };
  }

  /** All that is kept. */
  all(): FeedEvent[] {
    return [...this.written(0, -1), ...this.unwritten].map(({ text }) => parsed(text));
  }

  /** Forgets everything; the caller deletes the storage. */
  clear(): void {
    this.exists = false;
    this.unwritten = [];
    this.unwrittenChars = 0;
    this.writtenChars = 0;
  }

  private written(after: number, most: number): Unwritten[] {
    if (!this.exists) return [];
    return this.sql
      .exec<{ position: number; text: string }>(
        'select position, event as text from events where position > ? order by position limit ?',
        after,
        most,
      )
      .toArray();
  }

  /** A new attempt: what the last one printed is no output of this run. */
  private startAgain(): void {
    this.unwritten = [];
    this.unwrittenChars = 0;
    this.writtenChars = 0;
    if (this.exists) this.sql.exec('delete from events');
  }

  private dropOldest(): void {
    let kept = 0;
    const newestFirst = this.sql
      .exec<{ position: number; chars: number }>(
        'select position, length(event) as chars from events order by position desc',
      )
      .toArray();
    for (const { position, chars } of newestFirst) {
      kept += chars;
      if (kept <= KEPT_CHARS) continue;
      this.sql.exec('delete from events where position < ?', position);
      this.writtenChars = kept;
      return;
    }
  }
}

/** Where an event of an attempt stands in the feed of its run. */
export function positionOf(fence: number, { sequence }: Pick<FeedEvent, 'sequence'>): number {
  return fence * EVENTS_PER_ATTEMPT + sequence;
}

function attemptOf(position: number): number {
  return Math.floor(position / EVENTS_PER_ATTEMPT);
}

function parsed(text: string): FeedEvent {
  return JSON.parse(text) as FeedEvent;
}
