import { newId } from '../../protocol/ids.ts';
import { rotateToken as storeSuccessor } from '../database/api-tokens.ts';
import { once } from '../database/once.ts';
import { asPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
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
  const { text, ...rotated } = await rotateTokenOnce(platform, principal, wish, null);
  if (text === null) throw new Error('a token that was rotated just now has no text');
  return { ...rotated, text };
}

/**
 * {@link rotateToken}, once for an idempotency key: a repetition names the successor and has no text, because none is
 * kept. Refuses with `idempotency_conflict` too.
 */
export async function rotateTokenOnce(
  platform: Platform,
  principal: Principal,
  wish: { readonly token: string; readonly overlapSeconds: number },
  idempotency: Idempotency | null,
): Promise<Omit<RotatedToken, 'text'> & { readonly text: string | null }> {
  const id = newId('token');
  const { text, argon2id } = await drawToken(principal.tenantId, id);
  const { token: old, overlapSeconds } = wish;
  const rotation = storeSuccessor({ old, id, argon2id, overlapSeconds });
  const answer = await asPerson(() => once(platform.database, principal, idempotency, rotation, { id }));
  if (!answer.ok) throw refuseToken(answer);
  return {
    tokenId: answer.id,
    text: answer.replayed ? null : text,
    name: answer.name,
    expiresAt: answer.expires_at,
    oldUntil: answer.old_until,
  };
}
