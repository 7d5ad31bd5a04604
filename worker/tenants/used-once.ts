/**
 * What may be used once and was, in the gate's SQLite until it has expired by itself: a replay must find it over an
 * eviction. The first use makes the table.
 */
export class UsedOnce {
  private readonly sql: SqlStorage;
  private exists: boolean;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.exists = sql.exec("select 1 from sqlite_master where name = 'used_once'").toArray().length > 0;
  }

  /** Uses it; false where it was used before. Times are Unix ms, and `until` is not before it expires. */
  use(name: string, until: number, now: number): boolean {
    if (!this.exists) {
      this.exists = true;
      this.sql.exec('create table used_once (name text primary key, until integer not null) without rowid');
    }
    this.sql.exec('delete from used_once where until < ?', now);
    if (this.sql.exec('select 1 from used_once where name = ?', name).toArray().length > 0) return false;
    this.sql.exec('insert into used_once (name, until) values (?, ?)', name, until);
    return true;
  }
}
