import { DatabaseError, DatabaseUnavailable } from '../database/database.ts';
import { log } from '../log.ts';
import { Refusal } from './refusal.ts';

/** Any failure as what may leave the system. One that was not expected is logged with the request id and told as `internal`. */
export function asRefusal(error: unknown, requestId: string, where: string): Refusal {
  if (error instanceof Refusal) return error;
  log('error', where, { request_id: requestId, ...described(error) });
  if (error instanceof DatabaseUnavailable) {
    return new Refusal('unavailable', 'The database does not answer.', {
      hint: 'Try again in some seconds.',
      retryAfterSeconds: 5,
    });
  }
  return new Refusal('internal', 'Something went wrong inside Causeway; nothing was half-written.', {
    hint: `Try again; if it stays, tell the operator the request id ${requestId}.`,
  });
}

function described(error: unknown): Record<string, unknown> {
  if (error instanceof DatabaseError) return { error: error.message, sqlstate: error.sqlstate };
  if (error instanceof Error) return { error: error.message, stack: error.stack };
  return { error: String(error) };
}
