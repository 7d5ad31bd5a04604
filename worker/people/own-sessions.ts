import { type Account, endOtherSessions, endSession, selectAccount } from '../database/sessions.ts';
import type { Call } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { recorded } from './open-session.ts';
import type { Session } from './session.ts';

/** The person's own sessions, last sign-ins and unread notices. */
export async function readAccount(platform: Platform, session: Session): Promise<Account> {
  const [account] = await platform.database.transaction([selectAccount(session.cookieSha256)]);
  if (account === null)
    throw new Refusal('unauthenticated', 'Your session has ended.', { hint: 'Sign in again.' });
  return account;
}

/** Ends one of the person's own sessions, the one at hand too. Refuses with `not_found`. */
export async function endOwnSession(
  platform: Platform,
  call: Call,
  wish: { readonly session: Session; readonly id: string },
): Promise<void> {
  const [ended] = await platform.database.transaction([
    endSession(wish.session.cookieSha256, wish.id, recorded(call)),
  ]);
  if (!ended) throw new Refusal('not_found', 'There is no such session of yours.');
}

/** Ends all of the person's own sessions but the one at hand; how many they were. */
export async function endOtherOwnSessions(
  platform: Platform,
  call: Call,
  session: Session,
): Promise<{ readonly ended: number }> {
  const [ended] = await platform.database.transaction([
    endOtherSessions(session.cookieSha256, recorded(call)),
  ]);
  return { ended };
}
