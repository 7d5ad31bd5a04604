import type { Lease } from './lease.ts';

/**
 * The leases of a pool: in memory for reading, and each change written to the object's own SQLite at once, so that an
 * evicted or restarted pool goes on with what it held. Changes within one event are one write to the disk.
 */
export class LeaseTable {
  private readonly byRun = new Map<string, Lease>();
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec('create table if not exists leases (run text primary key, lease text not null) without rowid');
    for (const row of sql.exec<{ lease: string }>('select lease from leases')) {
      const lease = JSON.parse(row.lease) as Lease;
      this.byRun.set(lease.run, lease);
    }
  }

  get(run: string): Lease | undefined {
    return this.byRun.get(run);
  }

  /** All leases, oldest first. */
  all(): Lease[] {
    return [...this.byRun.values()].sort((a, b) => a.queuedAt - b.queuedAt || (a.run < b.run ? -1 : 1));
  }

  put(lease: Lease): Lease {
    this.byRun.set(lease.run, lease);
    if (!lease.ephemeral) {
      this.sql.exec(
        'insert or replace into leases (run, lease) values (?, ?)',
        lease.run,
        JSON.stringify(lease),
      );
    }
    return lease;
  }

  /** Changes what memory alone holds: for what the next start need not know. */
  putInMemory(lease: Lease): Lease {
    this.byRun.set(lease.run, lease);
    return lease;
  }

  remove(lease: Lease): void {
    this.byRun.delete(lease.run);
    if (!lease.ephemeral) this.sql.exec('delete from leases where run = ?', lease.run);
  }
}
