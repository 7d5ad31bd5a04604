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

/**
 * Understands a request of the driver's `neon()` function: headers `Neon-*`, body `{query, params}` or `{queries}`.
 *
 * @returns a sentence where it is not such a request
 */
export function readSqlRequest(
  headers: IncomingHttpHeaders,
  body: unknown,
  statementsMax: number,
): SqlRequest | string {
  const connectionString = headers['neon-connection-string'];
  if (typeof connectionString !== 'string') return 'the header Neon-Connection-String is missing';
  const credential = parseCredential(connectionString);
  if (typeof credential === 'string') return credential;
  if (headers['neon-raw-text-output'] !== 'true') return 'the header Neon-Raw-Text-Output must be true';
  const rowsAsArrays = headers['neon-array-mode'] === 'true';
  if (typeof body !== 'object' || body === null) return 'the body is not a JSON object';
  if (!('queries' in body)) {
    const statement = readStatement(body);
    return typeof statement === 'string'
      ? statement
      : { credential, rowsAsArrays, work: { kind: 'single', statement } };
  }
  if (!Array.isArray(body.queries)) return '`queries` is not an array';
  if (body.queries.length > statementsMax) return `a batch has at most ${statementsMax} statements`;
  const begin = readBegin(headers);
  if (begin === null)
    return 'the isolation level is not one of ReadUncommitted, ReadCommitted, RepeatableRead, Serializable';
  const statements: Statement[] = [];
  for (const entry of body.queries) {
    const statement = readStatement(entry);
    if (typeof statement === 'string') return statement;
    if (controlsTransaction(statement.text))
      return 'a batch is one transaction: it cannot hold BEGIN, COMMIT or ROLLBACK';
    statements.push(statement);
  }
  return { credential, rowsAsArrays, work: { kind: 'batch', begin, statements } };
}

function readStatement(entry: unknown): Statement | string {
  if (typeof entry !== 'object' || entry === null) return 'a query is not a JSON object';
  const { query, params = [] } = entry as { query?: unknown; params?: unknown };
  if (typeof query !== 'string') return '`query` is not a string';
  if (!Array.isArray(params)) return '`params` is not an array';
  return { text: query, values: params.map(parameterText) };
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
