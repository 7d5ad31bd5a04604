import { revokeToken as endToken } from '../database/api-tokens.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseToken } from './refuse-token.ts';

/** Ends a token from its next request on: one's own, or as an admin or owner anybody's of the tenant. Refuses with `not_found`. */
export async function revokeToken(platform: Platform, principal: Principal, tokenId: string): Promise<void> {
  const [answer] = await withTenantOfPerson(platform, principal, [endToken(tokenId)] as const);
  if (!answer.ok) throw refuseToken(answer);
  platform.publish(principal.tenantId, { kind: 'access', user: null });
}
