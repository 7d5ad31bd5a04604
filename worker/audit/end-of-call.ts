import { ERRORS } from '../../protocol/errors.ts';
import { EntryRefused } from '../database/errors.ts';
import { Refusal } from '../http/refusal.ts';

/** How the audit log tells that a call ended badly. */
export interface BadEnd {
  readonly outcome: 'refused' | 'error';
  readonly code: string;
}

/** A call whose parameters, headers or message are not as they must be. */
export const NOT_OF_THE_FORM: BadEnd = { outcome: 'refused', code: 'invalid_arguments' };

/** What was thrown, as the audit log tells it: a code and no text. Pure. */
export function endOfCall(error: unknown): BadEnd {
  if (error instanceof EntryRefused) return { outcome: 'refused', code: error.reason };
  if (error instanceof Refusal)
    return { outcome: ERRORS[error.code].status >= 500 ? 'error' : 'refused', code: error.code };
  return { outcome: 'error', code: 'internal' };
}
