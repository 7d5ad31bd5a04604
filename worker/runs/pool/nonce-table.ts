import { CONNECT_WINDOW_SECONDS } from '../../../protocol/executor-identity.ts';

/** Nonces of accepted connection proofs, kept on disk for as long as such a proof could be shown again. */
export class NonceTable {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(
      'create table if not exists nonces (nonce text primary key, until integer not null) without rowid',
    );
  }

  /** Uses a nonce up; false where it was used before. */
  use(nonce: string, now: number): boolean {
    this.sql.exec('delete from nonces where until < ?', now);
    // A proof may be a window early, and is good for a window.
    const until = now + 2 * CONNECT_WINDOW_SECONDS * 1000;
    return (
      this.sql.exec('insert or ignore into nonces (nonce, until) values (?, ?)', nonce, until).rowsWritten > 0
    );
  }
}
