import type { FeedEvent } from '../../../protocol/messages.ts';

/** At least this much of the newest output is kept for replay. */
const KEPT_CHARS = 256 * 1024;
const PAGE_EVENTS_MAX = 200;

export interface FeedPage {
  readonly events: readonly FeedEvent[];
  /** Where to read on. */
  readonly position: number;
}

/**
 * The newest events of a run, in the object's SQLite so that an eviction loses none. An attempt's events count from 1;
 * what comes twice or from an older attempt is dropped, and a new attempt begins the feed anew.
 */
export class FeedBuffer {
  private readonly sql: SqlStorage;
  /** The table is made by the first event, so that looking at a run that never had a feed leaves nothing behind. */
  private exists: boolean;
  private fence = 0;
  private sequence = 0;
  private chars = 0;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.exists = sql.exec("select 1 from sqlite_master where name = 'events'").toArray().length > 0;
    if (!this.exists) return;
    const [last] = sql
      .exec<{ fence: number; sequence: number }>(
        'select fence, sequence from events order by position desc limit 1',
      )
      .toArray();
    this.fence = last?.fence ?? 0;
    this.sequence = last?.sequence ?? 0;
    this.chars = sql
      .exec<{ chars: number }>('select coalesce(sum(length(event)), 0) as chars from events')
      .one().chars;
  }

  add(fence: number, event: FeedEvent): void {
    if (fence < this.fence || (fence === this.fence && event.sequence <= this.sequence)) return;
    if (!this.exists) this.create();
    if (fence > this.fence) this.startAgain();
    this.fence = fence;
    this.sequence = event.sequence;
    const text = JSON.stringify(event);
    this.sql.exec(
      'insert into events (fence, sequence, event) values (?, ?, ?)',
      fence,
      event.sequence,
      text,
    );
    this.chars += text.length;
    if (this.chars > 2 * KEPT_CHARS) this.dropOldest();
  }

  isEmptyAfter(position: number): boolean {
    if (!this.exists) return true;
    return this.sql.exec('select 1 from events where position > ? limit 1', position).toArray().length === 0;
  }

  read(after: number): FeedPage {
    if (!this.exists) return { events: [], position: after };
    const rows = this.sql
      .exec<{ position: number; event: string }>(
        'select position, event from events where position > ? order by position limit ?',
        after,
        PAGE_EVENTS_MAX,
      )
      .toArray();
    return {
      events: rows.map(({ event }) => JSON.parse(event) as FeedEvent),
      position: rows.at(-1)?.position ?? after,
    };
  }

  /** All that is kept. */
  all(): FeedEvent[] {
    if (!this.exists) return [];
    return this.sql
      .exec<{ event: string }>('select event from events order by position')
      .toArray()
      .map(({ event }) => JSON.parse(event) as FeedEvent);
  }

  /** Forgets everything; the caller deletes the storage. */
  clear(): void {
    this.exists = false;
    this.fence = 0;
    this.sequence = 0;
    this.chars = 0;
  }

  private create(): void {
    this.exists = true;
    this.sql.exec(
      'create table events (position integer primary key autoincrement, fence integer, sequence integer, event text)',
    );
  }

  /** A new attempt: what the last one printed is no output of this run. */
  private startAgain(): void {
    this.sql.exec('delete from events');
    this.chars = 0;
  }

  private dropOldest(): void {
    let kept = 0;
    for (const { position, chars } of this.sql.exec<{ position: number; chars: number }>(
      'select position, length(event) as chars from events order by position desc',
    )) {
      kept += chars;
      if (kept <= KEPT_CHARS) continue;
      this.sql.exec('delete from events where position < ?', position);
      this.chars = kept;
      return;
    }
  }
}
