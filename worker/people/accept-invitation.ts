import { newId } from '../../protocol/ids.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import {
  acceptInvitation,
  findInvitation,
  type Invitation,
  joinByInvitation,
} from '../database/invitations.ts';
import type { Call } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import { withHashSlot } from '../identity/hash-slots.ts';
import type { Platform } from '../platform.ts';
import { hashPassword, passwordCosts } from './hash-password.ts';
import { drawSession, recorded } from './open-session.ts';
import { normalizePassword } from './password-rules.ts';
import type { Session } from './session.ts';

/** What a link invites to. Throws one `not_found` for a link that is unknown, used, expired or revoked. */
export async function readInvitation(platform: Platform, link: string): Promise<Invitation> {
  const [invitation] = await platform.database.transaction([findInvitation(await sha256Hex(utf8(link)))]);
  if (invitation === null) throw linkIsOver();
  return invitation;
}

/** Makes the account of somebody new and signs them in; gives the cookie. Refuses where the email has an account. */
export async function acceptAsNewPerson(
  platform: Platform,
  call: Call,
  accepted: { readonly link: string; readonly name: string; readonly password: string },
): Promise<
  { readonly ok: true; readonly cookie: string } | { readonly ok: false; readonly reason: 'has_account' }
> {
  const { session, cookie } = await drawSession(platform);
  const argon2id = await withHashSlot(() =>
    hashPassword(normalizePassword(accepted.password), passwordCosts(platform.env)),
  );
  const [answer] = await platform.database.transaction([
    acceptInvitation(await sha256Hex(utf8(accepted.link)), {
      userId: newId('user'),
      name: accepted.name,
      argon2id,
      session,
      call: recorded(call),
    }),
  ]);
  if (answer.ok) return { ok: true, cookie };
  if (answer.code === 'already_exists') return { ok: false, reason: 'has_account' };
  throw linkIsOver();
}

/** Makes a signed-in person a member; the invitation must be for their email. */
export async function acceptAsMember(
  platform: Platform,
  call: Call,
  link: string,
  session: Session,
): Promise<void> {
  const [answer] = await platform.database.transaction([
    joinByInvitation(await sha256Hex(utf8(link)), session.cookieSha256, recorded(call)),
  ]);
  if (!answer.ok) throw linkIsOver();
}

function linkIsOver(): Refusal {
  return new Refusal('not_found', 'This link does not work, or does not work any more.', {
    hint: 'Links work once and for a limited time. Ask whoever sent it for a new one.',
  });
}
