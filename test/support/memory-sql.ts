import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/** A Durable Object's SQL over SQLite in memory, as far as stores of ours use it. */
export function memorySql() {
  const database = new DatabaseSync(':memory:');
  return {
    exec(text: string, ...values: SQLInputValue[]) {
      if (values.length === 0 && text.includes(';')) database.exec(text);
      const rows = text.includes(';') ? [] : database.prepare(text).all(...values);
      return {
        toArray: () => rows,
        [Symbol.iterator]: () => rows[Symbol.iterator](),
        one() {
          const [row] = rows;
          if (rows.length !== 1) throw new Error(`expected one row, not ${rows.length}`);
          return row;
        },
      };
    },
  };
}
