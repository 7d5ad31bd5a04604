/** How many a tenant's gate remembers; the oldest are forgotten first, and were worth nothing without their credential. */
const REMEMBERED_MAX = 10_000;

/**
 * MCP sessions that their clients deleted, until their sealed ids expire by themselves. The first one makes the table, in
 * the gate's SQLite, because a session that was deleted must stay so over an eviction.
 */
export class EndedSessions {
  private readonly sql: SqlStorage;
  private exists: boolean;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.exists = sql.exec("select 1 from sqlite_master where name = 'ended_sessions'").toArray().length > 0;
  }

  /** `until` is in Unix ms. */
  add(session: string, until: number, now: number): void {
    if (!this.exists) {
      this.exists = true;
      this.sql.exec(`
        create table ended_sessions (position integer primary key autoincrement, session text unique, until integer);
        create index ended_sessions_by_end on ended_sessions (until);`);
    }
    this.sql.exec('insert or ignore into ended_sessions (session, until) values (?, ?)', session, until);
    this.sql.exec('delete from ended_sessions where until < ?', now);
    this.sql.exec(
      'delete from ended_sessions where position <= (select max(position) from ended_sessions) - ?',
      REMEMBERED_MAX,
    );
  }

  has(session: string): boolean {
    if (!this.exists) return false;
    return this.sql.exec('select 1 from ended_sessions where session = ?', session).toArray().length > 0;
  }
}
