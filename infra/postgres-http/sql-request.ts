import type { IncomingHttpHeaders } from 'node:http';
import { type Credential, parseCredential } from './credential.ts';
import { parameterText } from './parameter.ts';
import { controlsTransaction } from './transaction-control.ts';

export type Statement = { readonly text: string; readonly values: readonly (string | null)[] };

/** One HTTP request, understood. `begin` is the command that opens a batch's transaction. */
export type SqlRequest = {
  readonly credential: Credential;
  readonly rowsAsArrays: boolean;
  readonly work:
    | { readonly kind: 'single'; readonly statement: Statement }
    | { readonly kind: 'batch'; readonly begin: string; readonly statements: readonly Statement[] };
};

const ISOLATION = new Map([
  ['ReadUncommitted', 'READ UNCOMMITTED'],
  ['ReadCommitted', 'READ COMMITTED'],
  ['RepeatableRead', 'REPEATABLE READ'],
  ['Serializable', 'SERIALIZABLE'],
]);

export type UnderstoodRequest =
  | { readonly ok: true; readonly request: SqlRequest }
  /** A clause that says why it is no request of the driver's. */
  | { readonly ok: false; readonly reason: string };

/** Understands a request of the driver's `neon()` function: headers `Neon-*`, body `{query, params}` or `{queries}`. */
export function readSqlRequest(
  headers: IncomingHttpHeaders,
  body: unknown,
  statementsMax: number,
): UnderstoodRequest {
  const connectionString = headers['neon-connection-string'];
  if (typeof connectionString !== 'string') return refused('the header Neon-Connection-String is missing');
  const parsed = parseCredential(connectionString);
  if (!parsed.ok) return parsed;
  if (headers['neon-raw-text-output'] !== 'true')
    return refused('the header Neon-Raw-Text-Output must be true');
  if (typeof body !== 'object' || body === null) return refused('the body is not a JSON object');
  const work = 'queries' in body ? readBatch(headers, body.queries, statementsMax) : readSingle(body);
  if (!work.ok) return work;
  const rowsAsArrays = headers['neon-array-mode'] === 'true';
  return { ok: true, request: { credential: parsed.credential, rowsAsArrays, work: work.work } };
}

type Refused = Extract<UnderstoodRequest, { ok: false }>;
type UnderstoodWork = { readonly ok: true; readonly work: SqlRequest['work'] } | Refused;
type UnderstoodStatement = { readonly ok: true; readonly statement: Statement } | Refused;

function readSingle(body: object): UnderstoodWork {
  const read = readStatement(body);
  return read.ok ? { ok: true, work: { kind: 'single', statement: read.statement } } : read;
}

function readBatch(headers: IncomingHttpHeaders, queries: unknown, statementsMax: number): UnderstoodWork {
  if (!Array.isArray(queries)) return refused('`queries` is not an array');
  if (queries.length > statementsMax) return refused(`a batch has at most ${statementsMax} statements`);
  const begin = readBegin(headers);
  if (begin === null)
    return refused(
      'the isolation level is not one of ReadUncommitted, ReadCommitted, RepeatableRead, Serializable',
    );
  const statements: Statement[] = [];
  for (const entry of queries) {
    const read = readStatement(entry);
    if (!read.ok) return read;
    if (controlsTransaction(read.statement.text))
      return refused('a batch is one transaction: it cannot hold BEGIN, COMMIT or ROLLBACK');
    statements.push(read.statement);
  }
  return { ok: true, work: { kind: 'batch', begin, statements } };
}

function readStatement(entry: unknown): UnderstoodStatement {
  if (typeof entry !== 'object' || entry === null) return refused('a query is not a JSON object');
  const { query, params = [] } = entry as { query?: unknown; params?: unknown };
  if (typeof query !== 'string') return refused('`query` is not a string');
  if (!Array.isArray(params)) return refused('`params` is not an array');
  return { ok: true, statement: { text: query, values: params.map(parameterText) } };
}

function readBegin(headers: IncomingHttpHeaders): string | null {
  const level = headers['neon-batch-isolation-level'];
  const readOnly = headers['neon-batch-read-only'];
  const deferrable = headers['neon-batch-deferrable'];
  const isolation = level === undefined ? '' : ISOLATION.get(String(level));
  if (isolation === undefined) return null;
  return [
    'BEGIN',
    isolation === '' ? '' : ` ISOLATION LEVEL ${isolation}`,
    readOnly === undefined ? '' : readOnly === 'true' ? ' READ ONLY' : ' READ WRITE',
    deferrable === undefined ? '' : deferrable === 'true' ? ' DEFERRABLE' : ' NOT DEFERRABLE',
  ].join('');
}

function refused(reason: string): Refused {
  return { ok: false, reason };
}
