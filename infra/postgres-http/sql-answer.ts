import { DatabaseError } from 'pg';

/** What is sent back: a status and a JSON body. */
export type SqlAnswer = {
  readonly status: 200 | 400 | 503;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The fields of an error that the driver reads into its `NeonDbError`, in its spelling. */
const ERROR_FIELDS = [
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const;

/** An answer in the shape of a Postgres error, for what this server itself refuses. */
export function refusal(message: string, code: string): SqlAnswer {
  return { status: 400, body: { message, code, severity: 'ERROR' } };
}

/**
 * What a failure says to the client: a Postgres error with all its fields (400), anything else that the server behind
 * does not answer (503, which the driver reports without a SQLSTATE).
 */
export function answerError(error: unknown): SqlAnswer {
  if (error instanceof RefusedError) return refusal(error.message, error.code);
  if (error instanceof DatabaseError) {
    const fields = Object.fromEntries(ERROR_FIELDS.map((field) => [field, error[field] ?? null]));
    return { status: 400, body: { message: error.message, ...fields } };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { status: 503, body: { message: `Postgres is not available: ${reason}` } };
}

/** A bound of this server was met; `code` is the SQLSTATE that fits best. */
export class RefusedError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}
