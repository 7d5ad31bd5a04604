import { type Lease, revived } from './lease.ts';

/**
 * The leases of a pool: in memory for reading, and in the object's own SQLite, so that an evicted or restarted pool goes
 * on with what it held. Changes are written behind: a Durable Object holds back what it sends until what it wrote before
 * is safe, and a run must not wait for that. A run that ends sooner than {@link flush} is never written at all; one whose
 * lease is lost in a crash is unfinished in the database, where the sweep finds it. Attempts after the first are written
 * before they are sent, so that no crash can open one that nobody knows of.
 */
export class LeaseTable {
  private readonly byRun = new Map<string, Lease>();
  /** The runs, oldest first; null where it is not known. Nearly every lease is younger than all before it. */
  private order: string[] | null = null;
  private readonly stored = new Set<string>();
  private readonly changed = new Set<string>();
  private readonly sql: SqlStorage;
  private readonly onChange: () => void;

  /** `onChange` asks for a {@link flush} soon. */
  constructor(sql: SqlStorage, onChange: () => void) {
    this.sql = sql;
    this.onChange = onChange;
    sql.exec('create table if not exists leases (run text primary key, lease text not null) without rowid');
    for (const row of sql.exec<{ lease: string }>('select lease from leases')) {
      const lease = revived(JSON.parse(row.lease) as Lease);
      this.byRun.set(lease.run, lease);
      this.stored.add(lease.run);
    }
  }

  get(run: string): Lease | undefined {
    return this.byRun.get(run);
  }

  /** All leases, oldest first. */
  all(): Lease[] {
    this.order ??= [...this.byRun.values()]
      .sort((left, right) => (isOlder(left, right) ? -1 : 1))
      .map(({ run }) => run);
    return this.order.flatMap((run) => this.byRun.get(run) ?? []);
  }

  put(lease: Lease): Lease {
    if (!this.byRun.has(lease.run)) this.enqueue(lease);
    this.byRun.set(lease.run, lease);
    if (!lease.ephemeral) this.note(lease.run);
    return lease;
  }

  remove(lease: Lease): void {
    if (this.byRun.delete(lease.run)) this.order = this.order?.filter((run) => run !== lease.run) ?? null;
    if (!lease.ephemeral) this.note(lease.run);
  }

  /** Writes what has changed, as one write to the disk. */
  flush(): void {
    for (const run of this.changed) {
      const lease = this.byRun.get(run);
      if (lease !== undefined) {
        this.sql.exec('insert or replace into leases (run, lease) values (?, ?)', run, JSON.stringify(lease));
        this.stored.add(run);
      } else if (this.stored.delete(run)) {
        this.sql.exec('delete from leases where run = ?', run);
      }
    }
    this.changed.clear();
  }

  private enqueue(lease: Lease): void {
    const last = this.byRun.get(this.order?.at(-1) ?? '');
    if (this.order !== null && (last === undefined || isOlder(last, lease))) this.order.push(lease.run);
    else this.order = null;
  }

  private note(run: string): void {
    this.changed.add(run);
    this.onChange();
  }
}

function isOlder(left: Lease, right: Lease): boolean {
  return left.queuedAt < right.queuedAt || (left.queuedAt === right.queuedAt && left.run < right.run);
}
