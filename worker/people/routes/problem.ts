import { ERRORS, type ErrorCode } from '../../../protocol/errors.ts';
import { Refusal } from '../../http/refusal.ts';

/**
 * The sentence with which a page comes again, for a refusal that its person can do something about. Throws whatever is to
 * be a page of its own: what is not there, and every fault.
 */
export function problemOf(error: unknown): string {
  const isFault = (code: ErrorCode): boolean => ERRORS[code].status >= 500 && code !== 'busy';
  if (!(error instanceof Refusal) || error.code === 'not_found' || isFault(error.code)) throw error;
  return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
}
