import type { NeonDbError } from '@neondatabase/serverless';

/** The database could not be reached, or answered with something that is no answer. Retrying later may help. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** The database refused a statement; the transaction it was in left nothing. `sqlstate` as in Postgres, appendix A. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly sqlstate: string;
  readonly constraint: string | null;
  readonly detail: string | null;
  readonly hint: string | null;

  constructor(
    message: string,
    sqlstate: string,
    parts: { constraint?: string; detail?: string; hint?: string },
  ) {
    super(message);
    this.sqlstate = sqlstate;
    this.constraint = parts.constraint ?? null;
    this.detail = parts.detail ?? null;
    this.hint = parts.hint ?? null;
  }
}

const ENTRY_REFUSALS = [
  'unknown',
  'revoked',
  'expired',
  'user_disabled',
  'membership_ended',
  'tenant_suspended',
  'address_not_allowed',
  'bad_ticket',
  'stale_ticket',
  'already_entered',
  'insufficient_scope',
  'insufficient_role',
] as const;

export type EntryRefusal = (typeof ENTRY_REFUSALS)[number];

/** `app.enter` refused: the credential may not, or may no longer, act. Nothing of the batch was done. */
export class EntryRefused extends Error {
  override readonly name = 'EntryRefused';
  readonly reason: EntryRefusal;
  /** For `insufficient_scope` all scopes that the call needs, for `insufficient_role` the role; else empty. */
  readonly needed: readonly string[];

  constructor(reason: EntryRefusal, needed: readonly string[]) {
    super(`entry refused: ${reason}`);
    this.reason = reason;
    this.needed = needed;
  }
}

/**
 * The call was made before with the same idempotency key: nothing of this batch was done, and `answer` is what it
 * answered then.
 */
export class SeenBefore extends Error {
  override readonly name = 'SeenBefore';
  readonly answer: unknown;

  constructor(answer: unknown) {
    super('the idempotency key was used before');
    this.answer = answer;
  }
}

/**
 * SQLSTATEs of the refusals that functions of the database raise, because nothing of their transaction may stay
 * (migrations/README.md says which is which). Every other refusal they return as data.
 */
export const RAISED = {
  entry_refused: 'CW001',
  device_not_waiting: 'CW002',
  seen_before: 'CW003',
  content_purged: 'CW004',
  tenant_deleted: 'CW005',
  import_expired: 'CW006',
  blob_being_removed: 'CW007',
} as const;

/** Whether `error` is this refusal of the database; the two that are left out have classes of their own above. */
export function isRaised(
  error: unknown,
  refusal: Exclude<keyof typeof RAISED, 'entry_refused' | 'seen_before'>,
): boolean {
  return error instanceof DatabaseError && error.sqlstate === RAISED[refusal];
}

/** A column, object, table or function that is not there. */
const NOT_THERE: readonly string[] = ['42703', '42704', '42P01', '42883'];

/**
 * Whether an error says that the database is of another version than this build: a name of ours is not there, or a ticket
 * that only we make is none.
 */
export function isMisfit(error: Error): boolean {
  if (error instanceof EntryRefused) return error.reason === 'bad_ticket';
  return error instanceof DatabaseError && NOT_THERE.includes(error.sqlstate);
}

/** SQLSTATE classes and codes that say the server, not the statement, is the trouble. */
const UNAVAILABLE = /^(08...|57P0[123]|53...)$/;

/** Turns whatever the driver threw into one of the errors above. */
export function toDatabaseError(
  thrown: unknown,
): DatabaseUnavailable | DatabaseError | EntryRefused | SeenBefore {
  if (!(thrown instanceof Error)) return new DatabaseUnavailable(String(thrown));
  const { code, constraint, detail, hint } = thrown as NeonDbError;
  if (!code || UNAVAILABLE.test(code)) return new DatabaseUnavailable(thrown.message, { cause: thrown });
  if (code === RAISED.entry_refused && detail) return readRefusal(detail);
  if (code === RAISED.seen_before && detail) return new SeenBefore(JSON.parse(detail));
  return new DatabaseError(thrown.message, code, {
    ...(constraint ? { constraint } : {}),
    ...(detail ? { detail } : {}),
    ...(hint ? { hint } : {}),
  });
}

function readRefusal(detail: string): EntryRefused {
  const { reason, needed } = JSON.parse(detail) as { reason: string; needed: readonly string[] };
  const known = ENTRY_REFUSALS.find((candidate) => candidate === reason);
  return new EntryRefused(known ?? 'unknown', needed);
}
