import { encodeBase64url } from '../../../protocol/base64url.ts';
import { limit } from '../../../protocol/limits.ts';

/** A message for the client, with the id by which it can ask for what came after. */
export interface StoredEvent {
  readonly id: string;
  readonly message: unknown;
}

/** What came after an event; `isWhole` is false where something may have been in between that is not kept. */
export interface Replay {
  readonly events: readonly StoredEvent[];
  readonly isWhole: boolean;
}

/** A question that nobody has answered in this time is forgotten; the call that asked it is gone long before. */
const QUESTION_MS = 15 * 60_000;
const EVENTS_BYTES_MAX = 1024 * 1024;

/**
 * What a session keeps, in its object's SQLite, so that an eviction loses none of it: messages for the client, open
 * questions with their answers, subscriptions and the logging level. The first write makes the tables.
 */
export class SessionStore {
  private readonly sql: SqlStorage;
  private exists: boolean;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.exists = sql.exec("select 1 from sqlite_master where name = 'events'").toArray().length > 0;
  }

  /** Keeps a message, and drops the oldest over the bounds of count and bytes. */
  addEvent(message: unknown): StoredEvent {
    this.create();
    const { position } = this.sql
      .exec<{ position: number }>(
        'insert into events (message) values (?) returning position',
        JSON.stringify(message),
      )
      .one();
    this.sql.exec('delete from events where position <= ?', position - limit('mcp_session_events'));
    this.sql.exec(
      `delete from events where position <= (select max(position) from
         (select position, sum(length(message)) over (order by position desc) as bytes from events) where bytes > ?)`,
      EVENTS_BYTES_MAX,
    );
    return { id: this.eventId(position), message };
  }

  /** What came after the event `id`; an id of no known event gets all that is kept. */
  eventsAfter(id: string): Replay {
    this.create();
    const last = this.lastPosition();
    const [epoch, given = ''] = id.split('-');
    const known = epoch === this.epoch() && /^\d{1,15}$/.test(given) && Number(given) <= last;
    const after = known ? Number(given) : 0;
    const rows = this.sql
      .exec<{ position: number; message: string }>(
        'select position, message from events where position > ? order by position',
        after,
      )
      .toArray();
    const oldest = rows[0]?.position ?? last + 1;
    return {
      events: rows.map(({ position, message }) => ({
        id: this.eventId(position),
        message: JSON.parse(message) as unknown,
      })),
      isWhole: known && oldest === after + 1,
    };
  }

  /** The id of the newest event, from which a stream that begins now goes on. */
  newestId(): string {
    this.create();
    return this.eventId(this.lastPosition());
  }

  /** Opens a question; false where too many are open. */
  openQuestion(id: string, now: number): boolean {
    this.create();
    this.sql.exec('delete from questions where asked_at < ?', now - QUESTION_MS);
    const { open } = this.sql.exec<{ open: number }>('select count(*) as open from questions').one();
    if (open >= limit('mcp_session_questions')) return false;
    this.sql.exec('insert into questions (id, asked_at) values (?, ?)', id, now);
    return true;
  }

  /** Keeps the first answer to an open question; false where there is no such question. */
  answerQuestion(id: string, answer: string): boolean {
    if (!this.exists) return false;
    const answered = this.sql.exec(
      'update questions set answer = ? where id = ? and answer is null returning id',
      answer,
      id,
    );
    return answered.toArray().length > 0;
  }

  /** The answer to a question, which is then no longer kept; null while there is none. */
  takeAnswer(id: string): string | null {
    if (!this.exists) return null;
    const [row] = this.sql
      .exec<{ answer: string }>(
        'delete from questions where id = ? and answer is not null returning answer',
        id,
      )
      .toArray();
    return row?.answer ?? null;
  }

  /** False where the session has as many subscriptions as it may. */
  subscribe(uri: string): boolean {
    this.create();
    this.sql.exec('insert or ignore into subscriptions (uri) values (?)', uri);
    if (this.subscriptions().length <= limit('resource_subscriptions')) return true;
    this.unsubscribe(uri);
    return false;
  }

  unsubscribe(uri: string): void {
    if (this.exists) this.sql.exec('delete from subscriptions where uri = ?', uri);
  }

  subscriptions(): string[] {
    if (!this.exists) return [];
    return this.sql
      .exec<{ uri: string }>('select uri from subscriptions order by uri')
      .toArray()
      .map(({ uri }) => uri);
  }

  get(name: 'level' | 'used_at'): string | null {
    if (!this.exists) return null;
    const [row] = this.sql
      .exec<{ value: string }>('select value from settings where name = ?', name)
      .toArray();
    return row?.value ?? null;
  }

  set(name: 'level' | 'used_at', value: string): void {
    this.create();
    this.sql.exec('insert or replace into settings (name, value) values (?, ?)', name, value);
  }

  /** Forgets everything; the caller deletes the storage. */
  clear(): void {
    this.exists = false;
  }

  private lastPosition(): number {
    const [row] = this.sql
      .exec<{ seq: number }>("select seq from sqlite_sequence where name = 'events'")
      .toArray();
    return row?.seq ?? 0;
  }

  /** Tells events of this storage from those of one that was dropped, whose numbers begin at the same one. */
  private epoch(): string {
    return this.sql.exec<{ value: string }>("select value from settings where name = 'epoch'").one().value;
  }

  private eventId(position: number): string {
    return `${this.epoch()}-${position}`;
  }

  private create(): void {
    if (this.exists) return;
    this.exists = true;
    this.sql.exec(`
      create table events (position integer primary key autoincrement, message text not null);
      create table questions (id text primary key, asked_at integer not null, answer text) without rowid;
      create table subscriptions (uri text primary key) without rowid;
      create table settings (name text primary key, value text not null) without rowid;`);
    const epoch = encodeBase64url(crypto.getRandomValues(new Uint8Array(6))).replaceAll('-', '_');
    this.sql.exec("insert into settings (name, value) values ('epoch', ?)", epoch);
  }
}
