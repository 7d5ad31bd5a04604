import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { findRecovery, spendRecovery } from '../database/people.ts';
import type { Call } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import { withHashSlot } from '../identity/hash-slots.ts';
import type { Platform } from '../platform.ts';
import { hashPassword, passwordCosts } from './hash-password.ts';
import { drawSession, recorded } from './open-session.ts';
import { normalizePassword } from './password-rules.ts';

/** Whose account a recovery link opens; throws one `not_found` for whatever is no live link. Spends nothing. */
export async function readRecovery(
  platform: Platform,
  link: string,
): Promise<{ readonly email: string; readonly name: string }> {
  const [person] = await platform.database.transaction([findRecovery(await sha256Hex(utf8(link)))]);
  if (person === null) throw linkIsOver();
  return person;
}

/** Spends the link on a new password, which ends every session, and signs the person in; gives the cookie. */
export async function recover(
  platform: Platform,
  call: Call,
  link: string,
  password: string,
): Promise<string> {
  const { session, cookie } = await drawSession(platform);
  const newHash = await withHashSlot(() =>
    hashPassword(normalizePassword(password), passwordCosts(platform.env)),
  );
  const [answer] = await platform.database.transaction([
    spendRecovery(await sha256Hex(utf8(link)), newHash, session, recorded(call)),
  ]);
  if (!answer.ok) throw linkIsOver();
  return cookie;
}

function linkIsOver(): Refusal {
  return new Refusal('not_found', 'This link does not work, or does not work any more.', {
    hint: 'It works once, for half an hour. The operator makes another: ./causeway break-glass.',
  });
}
