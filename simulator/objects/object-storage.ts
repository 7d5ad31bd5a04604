import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

const READS = /^\s*(select|pragma)\b/i;

/**
 * What a Durable Object keeps: SQLite (`SqlStorage`) and an alarm. Writes are seen at once and are safe once {@link commit} was called;
 * a crash before that takes all of them back, as one.
 */
export class ObjectStorage {
  private readonly database = new DatabaseSync(':memory:');
  private readonly prepared = new Map<string, StatementSync>();
  private readonly onWrite: () => void;
  private safeAlarmAt: number | null = null;
  /** Ms since 1970 by the object's clock. */
  alarmAt: number | null = null;
  isDirty = false;

  /** `onWrite` is told of the first write after a commit. */
  constructor(onWrite: () => void) {
    this.onWrite = onWrite;
  }

  /** What `DurableObjectState.storage` is to an object, as far as objects of ours use it. */
  readonly storage = {
    sql: { exec: (text: string, ...values: SQLInputValue[]) => this.exec(text, values) },
    setAlarm: async (at: number): Promise<void> => {
      this.noteWrite();
      this.alarmAt = at;
    },
    deleteAll: async (): Promise<void> => {
      for (const { name } of this.exec("select name from sqlite_master where type = 'table'", []).toArray())
        this.exec(`drop table if exists "${String(name)}"`, []);
    },
  };

  commit(): void {
    if (!this.isDirty) return;
    this.database.exec('commit');
    this.safeAlarmAt = this.alarmAt;
    this.isDirty = false;
  }

  rollback(): void {
    if (!this.isDirty) return;
    this.prepared.clear();
    this.database.exec('rollback');
    this.alarmAt = this.safeAlarmAt;
    this.isDirty = false;
  }

  /** The platform's own change of the alarm: safe at once, whatever else is not. */
  placeAlarm(at: number | null): void {
    this.alarmAt = at;
    this.safeAlarmAt = at;
  }

  private exec(text: string, values: readonly SQLInputValue[]) {
    if (!READS.test(text)) this.noteWrite();
    const statement = this.prepared.get(text) ?? this.database.prepare(text);
    if (!text.includes('create')) this.prepared.set(text, statement);
    if (!READS.test(text)) return cursor([], Number(statement.run(...values).changes));
    return cursor(statement.all(...values), 0);
  }

  private noteWrite(): void {
    if (this.isDirty) return;
    this.database.exec('begin');
    this.isDirty = true;
    this.onWrite();
  }
}

function cursor(rows: readonly Record<string, unknown>[], rowsWritten: number) {
  return {
    rowsWritten,
    toArray: () => [...rows],
    one() {
      const [row] = rows;
      if (row === undefined || rows.length !== 1) throw new Error(`expected one row, not ${rows.length}`);
      return row;
    },
    [Symbol.iterator]: () => rows[Symbol.iterator](),
  };
}
