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
  private fence = 0;
  private sequence = 0;
  private chars = 0;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.create();
    const [last] = sql.exec<{ fence: number; sequence: number }>(
      'select fence, sequence from events order by position desc limit 1',
    );
    this.fence = last?.fence ?? 0;
    this.sequence = last?.sequence ?? 0;
    this.chars = sql
      .exec<{ chars: number }>('select coalesce(sum(length(event)), 0) as chars from events')
      .one().chars;
  }

  add(fence: number, event: FeedEvent): void {
    if (fence < this.fence || (fence === this.fence && event.sequence <= this.sequence)) return;
    if (fence > this.fence) this.sql.exec('delete from events');
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
    return this.sql.exec('select 1 from events where position > ? limit 1', position).toArray().length === 0;
  }

  read(after: number): FeedPage {
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
    return this.sql
      .exec<{ event: string }>('select event from events order by position')
      .toArray()
      .map(({ event }) => JSON.parse(event) as FeedEvent);
  }

  clear(): void {
    this.sql.exec('drop table events');
    this.create();
    this.fence = 0;
    this.sequence = 0;
    this.chars = 0;
  }

  private create(): void {
    this.sql.exec(
      'create table if not exists events (position integer primary key autoincrement, fence integer, sequence integer, event text)',
    );
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
