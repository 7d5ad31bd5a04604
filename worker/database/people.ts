import { callFunction } from './call-function.ts';
import { type Query, query, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';
import type { NewSession, RecordedCall } from './sessions.ts';

/** What the database counts failures by (migrations/0040-people.sql). */
export interface LockoutRuleRow {
  readonly accountFailures: number;
  readonly addressFailures: number;
  readonly baseSeconds: number;
  readonly maxSeconds: number;
}

/** Whom an attempt is counted against. Nobody vouches for an address that is null, so nothing is counted on it. */
export interface AttemptSubject {
  readonly email: string;
  readonly addressSubject: string | null;
  readonly rules: LockoutRuleRow;
}

/**
 * Counts an attempt as failed and gives the hash to check, null where nobody has the email or no password is set. Refuses
 * with `rate_limited` and details.retry_after_seconds.
 */
export function beginLogin(subject: AttemptSubject): Query<SqlAnswer<{ argon2id: string | null }>> {
  return callFunction('app.system_begin_login($1, $2, $3)', [
    subject.email,
    subject.addressSubject,
    JSON.stringify(subject.rules),
  ]);
}

/** Records an attempt that stays counted as failed. */
export function refuseLogin(
  email: string,
  method: 'password' | 'password_change',
  outcome: 'wrong' | 'locked',
  call: RecordedCall,
): Query<void> {
  return query(
    'select app.system_refuse_login($1, $2, $3, $4)',
    [email, method, outcome, JSON.stringify(call)],
    readNothing,
  );
}

/** Opens a session for who knew the password; refuses with `unauthenticated` where it was changed in the meantime. */
export function finishLogin(
  subject: AttemptSubject,
  proven: {
    readonly verifiedHash: string;
    readonly newHash: string | null;
    readonly session: NewSession;
    readonly endsCookieSha256: string | null;
    readonly call: RecordedCall;
  },
): Query<SqlAnswer<{ notices: number }>> {
  return callFunction('app.system_finish_login($1, $2, $3, $4, $5, $6, $7, $8)', [
    subject.email,
    subject.addressSubject,
    JSON.stringify(subject.rules),
    proven.verifiedHash,
    proven.newHash,
    JSON.stringify(proven.session),
    proven.endsCookieSha256,
    JSON.stringify(proven.call),
  ]);
}

/** Replaces the password that was verified and ends all other sessions; refuses with `unauthenticated`. */
export function changePassword(
  subject: AttemptSubject,
  change: {
    readonly cookieSha256: string;
    readonly verifiedHash: string;
    readonly newHash: string;
    readonly call: RecordedCall;
  },
): Query<SqlAnswer<{ ended: number }>> {
  return callFunction('app.system_change_password($1, $2, $3, $4, $5, $6)', [
    change.cookieSha256,
    subject.addressSubject,
    JSON.stringify(subject.rules),
    change.verifiedHash,
    change.newHash,
    JSON.stringify(change.call),
  ]);
}

/** Whose account a recovery link opens, or null. */
export function findRecovery(
  linkSha256: string,
): Query<{ readonly email: string; readonly name: string } | null> {
  return query(
    'select app.system_find_recovery($1) as person',
    [linkSha256],
    ([row]) => (row?.person ?? null) as { email: string; name: string } | null,
  );
}

/** Spends a recovery link on a new password and a session; refuses with `not_found`. */
export function spendRecovery(
  linkSha256: string,
  newHash: string,
  session: NewSession,
  call: RecordedCall,
): Query<SqlAnswer<object>> {
  return callFunction('app.system_use_recovery($1, $2, $3, $4)', [
    linkSha256,
    newHash,
    JSON.stringify(session),
    JSON.stringify(call),
  ]);
}

/** Forgets counters, sessions, links and events whose time is over. */
export function sweepPeople(): Query<void> {
  return query('select app.system_sweep_people()', [], readNothing);
}
