import { finishLogin } from '../database/people.ts';
import type { Call } from '../http/call.ts';
import type { Platform } from '../platform.ts';
import { hashPassword, passwordCosts } from './hash-password.ts';
import { drawSession } from './open-session.ts';
import { needsRehash } from './password-costs.ts';
import { normalizePassword } from './password-rules.ts';
import { type PasswordRefusal, provePassword } from './prove-password.ts';

export interface SignedIn {
  readonly cookie: string;
  /** Notices that the person has not seen. */
  readonly notices: number;
}

/**
 * Signs a person in by email and password: two database requests. A hash of other costs than the deployment's is made
 * anew, and the session that the browser had before is ended. Throws `rate_limited` or `busy`.
 */
export async function signIn(
  platform: Platform,
  call: Call,
  login: { readonly email: string; readonly password: string; readonly endsCookieSha256: string | null },
): Promise<{ readonly ok: true; readonly result: SignedIn } | PasswordRefusal> {
  const costs = passwordCosts(platform.env);
  return provePassword({ platform, call, method: 'password' }, login, async (proven) => {
    const newHash = needsRehash(proven.verifiedHash, costs)
      ? await hashPassword(normalizePassword(login.password), costs)
      : null;
    const { session, cookie } = await drawSession(platform);
    const [finished] = await platform.database.transaction([
      finishLogin(proven.subject, {
        verifiedHash: proven.verifiedHash,
        newHash,
        session,
        endsCookieSha256: login.endsCookieSha256,
        call: proven.call,
      }),
    ]);
    return finished.ok ? { cookie, notices: finished.notices } : null;
  });
}
