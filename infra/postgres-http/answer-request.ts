import type { FieldDef, PoolClient } from 'pg';
import { type Connections, giveBack } from './connections.ts';
import type { Limits } from './limits.ts';
import type { StatementResult } from './run-statement.ts';
import { runWork } from './run-work.ts';
import { answerError, RefusedError, type SqlAnswer } from './sql-answer.ts';
import type { SqlRequest } from './sql-request.ts';

/** Runs a request on a connection of its credential and answers it; the connection is cleaned behind the answer. */
export async function answerRequest(
  request: SqlRequest,
  connections: Connections,
  limits: Limits,
): Promise<SqlAnswer> {
  try {
    const client = await connections.acquire(request.credential);
    const results = await runOn(client, request, limits);
    const encoded = results.map((result) => encodeResult(result, request.rowsAsArrays));
    return { status: 200, body: request.work.kind === 'single' ? (encoded[0] ?? {}) : { results: encoded } };
  } catch (error) {
    return answerError(error);
  }
}

async function runOn(
  client: PoolClient,
  request: SqlRequest,
  limits: Limits,
): Promise<readonly StatementResult[]> {
  const cut = new AbortController();
  const deadline = setTimeout(() => cut.abort(), limits.requestTimeoutMs);
  const expired = new Promise<never>((_, reject) => {
    cut.signal.addEventListener('abort', () => {
      reject(new RefusedError(`the request took longer than ${limits.requestTimeoutMs} ms`, '57014'));
    });
  });
  const { results, clean } = runWork(client, request.work, {
    bytes: limits.responseBytesMax,
    rows: limits.rowsMax,
  });
  // A connection that could not be cleaned, or whose answer was cut short, is closed and never lent again.
  void Promise.race([clean, expired])
    .then(() => giveBack(client, true))
    .catch(() => giveBack(client, false))
    .finally(() => clearTimeout(deadline));
  try {
    return await Promise.race([results, expired]);
  } catch (error) {
    if (error instanceof RefusedError) cut.abort();
    throw error;
  }
}

function encodeResult(
  { command, rowCount, fields, rows }: StatementResult,
  rowAsArray: boolean,
): SqlAnswer['body'] {
  return {
    command,
    rowCount,
    fields: fields.map(encodeField),
    rows: rowAsArray
      ? rows
      : rows.map((row) => Object.fromEntries(fields.map(({ name }, index) => [name, row[index]]))),
    rowAsArray,
  };
}

function encodeField({
  name,
  tableID,
  columnID,
  dataTypeID,
  dataTypeSize,
  dataTypeModifier,
}: FieldDef): object {
  return { name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier, format: 'text' };
}
