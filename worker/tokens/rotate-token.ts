import { newId } from '../../protocol/ids.ts';
import { rotateToken as storeSuccessor } from '../database/api-tokens.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { MadeToken } from './create-token.ts';
import { drawToken } from './draw-token.ts';
import { refuseToken } from './refuse-token.ts';

/** A successor that was just made, and when the old token ends (ISO 8601). */
export interface RotatedToken extends MadeToken {
  readonly name: string;
  readonly oldUntil: string;
}

/**
 * Gives a living token of the session's person a successor that may do the same, as long; the old one ends after the
 * overlap. Refuses with `not_found`, `already_exists` (rotated before), `invalid_arguments` (the tenant's bound on
 * lifetimes has come down since) or `busy`.
 */
export async function rotateToken(
  platform: Platform,
  principal: Principal,
  wish: { readonly token: string; readonly overlapSeconds: number },
): Promise<RotatedToken> {
  const id = newId('token');
  const { text, argon2id } = await drawToken(principal.tenantId, id);
  const { token: old, overlapSeconds } = wish;
  const [answer] = await withTenantOfPerson(platform, principal, [
    storeSuccessor({ old, id, argon2id, overlapSeconds }),
  ] as const);
  if (!answer.ok) throw refuseToken(answer);
  return {
    tokenId: id,
    text,
    name: answer.name,
    expiresAt: answer.expires_at,
    oldUntil: answer.old_until,
  };
}
