import { type AttemptSubject, beginLogin, refuseLogin } from '../database/people.ts';
import type { RecordedCall } from '../database/sessions.ts';
import type { Call } from '../http/call.ts';
import { asAttempt } from '../identity/authentication-attempt.ts';
import { withHashSlot } from '../identity/hash-slots.ts';
import { verifyArgon2id } from '../identity/verify-argon2id.ts';
import type { Platform } from '../platform.ts';
import { addressGateOf } from '../tenants/address-gate.ts';
import { addressGateName } from '../tenants/address-name.ts';
import { nobodysHash, passwordCosts } from './hash-password.ts';
import { recorded } from './open-session.ts';
import { normalizePassword } from './password-rules.ts';
import { lockoutRules } from './settings.ts';

/** Why a password was not accepted. An email without an account is `wrong` and `locked` just like one with. */
export type PasswordRefusal =
  | { readonly ok: false; readonly reason: 'wrong' }
  | { readonly ok: false; readonly reason: 'locked'; readonly retryAfterSeconds: number };

/** What the step behind a proven password gets; it is done in the same slot and counts as the same attempt. */
export interface ProvenPassword {
  readonly verifiedHash: string;
  readonly subject: AttemptSubject;
  readonly call: RecordedCall;
}

/**
 * Checks a password as one attempt of the caller's address and of the account, counted before anything is hashed. Then
 * `next`, which answers null where the password was changed in the meantime. Throws `rate_limited` or `busy`.
 */
export async function provePassword<Result>(
  { platform, call, method }: { platform: Platform; call: Call; method: 'password' | 'password_change' },
  { email, password }: { readonly email: string; readonly password: string },
  next: (proven: ProvenPassword) => Promise<Result | null>,
): Promise<{ readonly ok: true; readonly result: Result } | PasswordRefusal> {
  const { database, env } = platform;
  const subject: AttemptSubject = {
    email,
    addressSubject: call.address === null ? null : `address:${addressGateName(call.address)}`,
    rules: lockoutRules(env),
  };
  const refuse = (outcome: 'wrong' | 'locked') =>
    database.transaction([refuseLogin(email, method, outcome, recorded(call))]);

  return asAttempt(addressGateOf(env, call.address), (succeeded) =>
    withHashSlot(async () => {
      const [begun] = await database.transaction([beginLogin(subject)]);
      if (!begun.ok) {
        await refuse('locked');
        return {
          ok: false,
          reason: 'locked',
          retryAfterSeconds: Number(begun.details?.retry_after_seconds ?? 1),
        };
      }
      const hash = begun.argon2id ?? nobodysHash(passwordCosts(env));
      const isRight = await verifyArgon2id(hash, normalizePassword(password));
      if (!isRight || begun.argon2id === null) {
        await refuse('wrong');
        return { ok: false, reason: 'wrong' };
      }
      const result = await next({ verifiedHash: hash, subject, call: recorded(call) });
      if (result === null) return { ok: false, reason: 'wrong' };
      succeeded();
      return { ok: true, result };
    }, succeeded),
  );
}
