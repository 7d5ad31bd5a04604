/** How long an executor that was cut off is taken to hold on to the outcome of an attempt. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** The last attempts at ended runs that took more than one, on disk: by them the word of an earlier one is known for what it is. */
export class LastFences {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(
      'create table if not exists last_fences (run text primary key, fence integer not null, until integer not null) without rowid',
    );
  }

  note(run: string, fence: number, now: number): void {
    this.sql.exec('delete from last_fences where until < ?', now);
    this.sql.exec(
      'insert or replace into last_fences (run, fence, until) values (?, ?, ?)',
      run,
      fence,
      now + KEPT_MS,
    );
  }

  of(run: string): number | undefined {
    const [row] = this.sql.exec<{ fence: number }>('select fence from last_fences where run = ?', run);
    return row?.fence;
  }
}
