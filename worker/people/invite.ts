import { encodeBase64url } from '../../protocol/base64url.ts';
import { newId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import {
  createInvitation,
  type OpenInvitation,
  revokeInvitation,
  selectInvitations,
} from '../database/invitations.ts';
import { once } from '../database/once.ts';
import type { Call } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { SealKey } from '../seal/seal.ts';
import { type Idempotency, usedKey } from '../tenants/idempotency.ts';
import type { TenantRole } from '../tenants/roles.ts';
import { recorded } from './open-session.ts';
import { asPerson, personPrincipal } from './person.ts';
import type { Session } from './session.ts';

export interface MadeInvitation {
  readonly id: string;
  readonly url: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Whether an earlier call with the same idempotency key made it. */
  readonly replayed: boolean;
}

/** Invites an email to a tenant of the session's person; they hand the link over by themselves. */
export async function invite(
  platform: Platform,
  call: Call,
  wish: {
    readonly session: Session;
    readonly tenantId: string;
    readonly email: string;
    readonly role: TenantRole;
    readonly idempotency?: Idempotency | null;
  },
): Promise<MadeInvitation> {
  const id = newId('invitation');
  const creation = createInvitation(
    wish.session.cookieSha256,
    {
      id,
      tenantId: wish.tenantId,
      email: wish.email,
      role: wish.role,
      linkSha256: await sha256Hex(utf8(await linkSecret(platform.sealKey, id))),
      lifetimeSeconds: limit('invitation_lifetime_ms') / 1000,
    },
    limit('open_invitations'),
    recorded(call),
  );
  const principal = personPrincipal(wish.session, wish.tenantId, call);
  const answer = await asPerson(() =>
    once(platform.database, principal, wish.idempotency ?? null, creation, { id }),
  );
  if (answer.ok) {
    const url = await invitationUrl(platform, answer.id);
    return { id: answer.id, url, expiresAt: answer.expiresAt, replayed: answer.replayed === true };
  }
  switch (answer.code) {
    case 'insufficient_role':
      throw new Refusal('insufficient_role', 'You may not invite somebody with this role.', {
        hint: 'Admins invite up to admin, owners up to owner.',
      });
    case 'already_exists':
      throw new Refusal('already_exists', 'This person is a member already.');
    case 'limit_exceeded':
      throw new Refusal('limit_exceeded', 'The tenant has as many open invitations as it may.', {
        hint: 'Withdraw one that nobody will accept.',
      });
    case 'idempotency_conflict':
      throw usedKey();
    default:
      throw new Refusal('not_found', 'There is no such tenant.');
  }
}

export interface ShownInvitation extends OpenInvitation {
  /** Null for one that the operator made (only the host's shell has shown its link), and for one to a higher role than the reader's. */
  readonly url: string | null;
}

/** The open invitations of the tenants that the session's person administers, with the links that they might make themselves. */
export async function listInvitations(
  platform: Platform,
  session: Session,
): Promise<readonly ShownInvitation[]> {
  const [open] = await platform.database.transaction([selectInvitations(session.cookieSha256)]);
  return Promise.all(
    open.map(async (invitation) => ({
      ...invitation,
      url:
        invitation.byOperator || !invitation.isWithinRole
          ? null
          : await invitationUrl(platform, invitation.id),
    })),
  );
}

/** Ends an open invitation, of that tenant where one is named. Refuses with `not_found`. */
export async function withdrawInvitation(
  platform: Platform,
  call: Call,
  wish: { readonly session: Session; readonly tenantId: string | null; readonly id: string },
): Promise<void> {
  const [answer] = await platform.database.transaction([
    revokeInvitation(wish.session.cookieSha256, wish, recorded(call)),
  ]);
  if (!answer.ok) throw new Refusal('not_found', 'There is no such invitation.');
}

async function invitationUrl({ publicUrl, sealKey }: Platform, id: string): Promise<string> {
  return `${publicUrl}/invitations/${await linkSecret(sealKey, id)}`;
}

/**
 * The secret of an invitation's link: an HMAC of its id under the deployment's own key. So an admin can see the link
 * again while it is open, and yet the database holds only its SHA-256.
 */
async function linkSecret(key: SealKey, invitationId: string): Promise<string> {
  const signature = await crypto.subtle.sign('HMAC', key, utf8(`invitation.${invitationId}`));
  return encodeBase64url(new Uint8Array(signature));
}
