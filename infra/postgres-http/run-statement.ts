import { type ClientBase, type FieldDef, Query } from 'pg';
import { RefusedError } from './sql-answer.ts';
import type { Statement } from './sql-request.ts';

type TextRow = readonly (string | null)[];

export type StatementResult = {
  readonly command: string;
  readonly rowCount: number | null;
  readonly fields: readonly FieldDef[];
  readonly rows: readonly TextRow[];
  /** `I` idle, `T` in a transaction, `E` in a failed one: how the connection stood after the statement. */
  readonly transactionStatus: string | null;
};

/** What is left of a response's bounds; one budget for all statements of a request. */
export type ResponseBudget = { bytes: number; rows: number };

const RAW_TEXT = { getTypeParser: () => (text: string) => text };

type PipelinedClient = ClientBase & { getTransactionStatus(): string | null };

/**
 * Sends one statement by the extended protocol, which takes exactly one command, and collects its rows as the text that
 * Postgres gave. Statements sent without waiting share round trips (the client is in pipeline mode).
 */
export function runStatement(
  client: ClientBase,
  statement: Statement,
  budget: ResponseBudget,
): Promise<StatementResult> {
  return new Promise((resolve, reject) => {
    const rows: TextRow[] = [];
    const query = new Query({
      text: statement.text,
      values: [...statement.values],
      rowMode: 'array',
      queryMode: 'extended',
      types: RAW_TEXT,
    } as ConstructorParameters<typeof Query>[0]);
    query.on('row', (row: TextRow) => {
      budget.rows--;
      for (const value of row) budget.bytes -= value?.length ?? 0;
      if (budget.rows >= 0 && budget.bytes >= 0) rows.push(row);
      else
        reject(
          new RefusedError('the result is larger than this server sends: ask for less with LIMIT', '54000'),
        );
    });
    query.on('error', reject);
    query.on('end', ({ command, rowCount, fields }) => {
      const transactionStatus = (client as PipelinedClient).getTransactionStatus();
      resolve({ command: command ?? '', rowCount, fields, rows, transactionStatus });
    });
    client.query(query);
  });
}
