import { newId, type TokenId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import { createToken as storeToken } from '../database/api-tokens.ts';
import { once } from '../database/once.ts';
import { asPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import type { Principal } from '../tenants/principal.ts';
import type { TenantRole } from '../tenants/roles.ts';
import type { Scope } from '../tenants/scopes.ts';
import { drawToken } from './draw-token.ts';
import { refuseToken } from './refuse-token.ts';

export interface TokenWish {
  /** A new one unless it was drawn before, by which a form that is sent twice makes one token. */
  readonly id?: TokenId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The most that it may do; never above the person's own role, also where that rises later. */
  readonly role: TenantRole;
  readonly lifetimeSeconds: number;
  /** In CIDR form, or single addresses; none: it may be used from everywhere. */
  readonly networks: readonly string[];
  /** By id or name, of those that the person sees; none: it reaches all that its person does. */
  readonly projects: readonly string[];
}

/** A token that was just made. Its text exists here and nowhere else. */
export interface MadeToken {
  readonly tokenId: TokenId;
  readonly text: string;
  /** ISO 8601; null: it lives until it is revoked. */
  readonly expiresAt: string | null;
}

/**
 * Makes a token of the session's person. Refuses with `insufficient_role`, `already_exists` (the id), `limit_exceeded`,
 * `invalid_arguments` (a network, a project, or a life longer than the tenant allows) or `busy`.
 */
export async function createToken(
  platform: Platform,
  principal: Principal,
  wish: TokenWish,
): Promise<MadeToken> {
  const { text, ...made } = await createTokenOnce(platform, principal, wish, null);
  if (text === null) throw new Error('a token that was made just now has no text');
  return { ...made, text };
}

/**
 * {@link createToken}, once for an idempotency key: a repetition names the token and has no text, because none is kept.
 * Refuses with `idempotency_conflict` too.
 */
export async function createTokenOnce(
  platform: Platform,
  principal: Principal,
  wish: TokenWish,
  idempotency: Idempotency | null,
): Promise<Omit<MadeToken, 'text'> & { readonly text: string | null }> {
  const id = wish.id ?? newId('token');
  const { text, argon2id } = await drawToken(principal.tenantId, id);
  const creation = storeToken({ ...wish, id, argon2id }, limit('person_tokens'));
  const answer = await asPerson(() => once(platform.database, principal, idempotency, creation, { id }));
  if (!answer.ok) throw refuseToken(answer);
  return { tokenId: answer.id, text: answer.replayed ? null : text, expiresAt: answer.expires_at };
}
