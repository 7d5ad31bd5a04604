import {
  countTokens,
  type ListedToken,
  selectTokenLifetimeMax,
  selectTokens,
} from '../database/api-tokens.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import { keyOfCursor, type Page, pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseToken } from './refuse-token.ts';

/**
 * The person's tokens in a tenant, for admins and owners those of all its members; newest first, never their text. One
 * database request.
 */
export async function listTokens(
  platform: Platform,
  principal: Principal,
  asked: {
    /** Also those that are revoked or expired. */
    readonly isWithEnded: boolean;
    readonly user?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<Page<ListedToken> & { readonly total: number; readonly lifetimeSecondsMax: number | null }> {
  const before = keyOfCursor(asked.cursor);
  const wanted = { isWithEnded: asked.isWithEnded, user: asked.user ?? null };
  const [lifetimeSecondsMax, total, tokens] = await withTenantOfPerson(platform, principal, [
    selectTokenLifetimeMax(),
    countTokens(wanted),
    selectTokens({ ...wanted, before, rowsMax: asked.limit + 1 }),
  ] as const);
  return { total, lifetimeSecondsMax, ...pageOf(tokens, asked.limit, ({ tokenId }) => tokenId) };
}

/** One token that the person may see; refuses with `not_found`. */
export async function readToken(
  platform: Platform,
  principal: Principal,
  tokenId: string,
): Promise<ListedToken> {
  const [[token]] = await withTenantOfPerson(platform, principal, [
    selectTokens({ isWithEnded: true, only: tokenId, rowsMax: 1 }),
  ] as const);
  if (token === undefined) throw refuseToken({ ok: false, code: 'not_found' });
  return token;
}
