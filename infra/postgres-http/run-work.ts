import type { Socket } from 'node:net';
import type { ClientBase } from 'pg';
import { type ResponseBudget, runStatement, type StatementResult } from './run-statement.ts';
import { RefusedError } from './sql-answer.ts';
import type { SqlRequest, Statement } from './sql-request.ts';

/**
 * Everything that a session can carry from one request into the next, undone. It is DISCARD ALL without DISCARD PLANS:
 * plans are no state that a client can see, and planning them anew costs each request (measured in docs/decisions).
 */
const RESET_SESSION = [
  'CLOSE ALL',
  'SET SESSION AUTHORIZATION DEFAULT',
  'RESET ALL',
  'DEALLOCATE ALL',
  'UNLISTEN *',
  'SELECT pg_catalog.pg_advisory_unlock_all()',
  'DISCARD TEMP',
  'DISCARD SEQUENCES',
].join(';');

/** What was asked, and a promise that settles when the connection is clean again, or rejects when it must be closed. */
export type RunningWork = {
  readonly results: Promise<readonly StatementResult[]>;
  readonly clean: Promise<void>;
};

export function runWork(client: ClientBase, work: SqlRequest['work'], budget: ResponseBudget): RunningWork {
  return work.kind === 'single'
    ? runSingle(client, work.statement, budget)
    : runBatch(client, work.begin, work.statements, budget);
}

function runSingle(client: ClientBase, statement: Statement, budget: ResponseBudget): RunningWork {
  const result = runStatement(client, statement, budget);
  const clean = result
    .then(
      ({ transactionStatus }) => transactionStatus,
      () => 'E',
    )
    .then(async (status) => {
      if (status !== 'I') await client.query('ROLLBACK');
      await client.query(RESET_SESSION);
    });
  return { results: result.then((only) => [only]), clean };
}

/**
 * BEGIN, the statements, COMMIT and the cleaning go out at once, in one write of the socket: about one round trip to
 * Postgres for all. Each message in a write of its own costs an eighth more CPU here and in Postgres (docs/performance.md).
 */
function runBatch(
  client: ClientBase,
  begin: string,
  statements: readonly Statement[],
  budget: ResponseBudget,
): RunningWork {
  const { stream } = (client as ClientBase & { connection: { stream: Socket } }).connection;
  stream.cork();
  const begun = client.query(begin);
  const sent = statements.map((statement) => runStatement(client, statement, budget));
  const committed = client.query('COMMIT');
  const reset = client.query(RESET_SESSION);
  stream.uncork();
  const results = Promise.all([begun, ...sent, committed]).then(async () => {
    // COMMIT of a failed transaction succeeds, with the tag ROLLBACK.
    const { command } = await committed;
    if (command !== 'COMMIT')
      throw new RefusedError(`the transaction was not committed (${command})`, '40000');
    return Promise.all(sent);
  });
  const clean = Promise.all([reset, Promise.allSettled([begun, ...sent, committed])]).then(() => {});
  return { results, clean };
}
