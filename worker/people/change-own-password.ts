import { changePassword } from '../database/people.ts';
import type { Call } from '../http/call.ts';
import type { Platform } from '../platform.ts';
import { hashPassword, passwordCosts } from './hash-password.ts';
import { normalizePassword } from './password-rules.ts';
import { type PasswordRefusal, provePassword } from './prove-password.ts';
import type { Session } from './session.ts';

/**
 * Replaces the password of a signed-in person, who must know the one before: guesses are counted like those of a
 * sign-in. Every other session of theirs ends. `password` was judged before.
 */
export async function changeOwnPassword(
  platform: Platform,
  call: Call,
  change: { readonly session: Session; readonly currentPassword: string; readonly password: string },
): Promise<{ readonly ok: true; readonly result: { readonly ended: number } } | PasswordRefusal> {
  const { session } = change;
  return provePassword(
    { platform, call, method: 'password_change' },
    { email: session.userEmail, password: change.currentPassword },
    async (proven) => {
      const newHash = await hashPassword(normalizePassword(change.password), passwordCosts(platform.env));
      const [changed] = await platform.database.transaction([
        changePassword(proven.subject, {
          cookieSha256: session.cookieSha256,
          verifiedHash: proven.verifiedHash,
          newHash,
          call: proven.call,
        }),
      ]);
      return changed.ok ? { ended: changed.ended } : null;
    },
  );
}
