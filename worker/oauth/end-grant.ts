import { type EndOfGrant, type GrantFacts, revokeGrant } from '../database/oauth-grants.ts';
import type { Call } from '../http/call.ts';
import type { Platform } from '../platform.ts';

/** Ends a grant with every token of it; what it listens to ends too. */
export async function endGrant(
  platform: Platform,
  { tenantId, grantId, userId }: Pick<GrantFacts, 'tenantId' | 'grantId' | 'userId'>,
  because: EndOfGrant,
  call: Call,
): Promise<void> {
  await revokeGrant(platform.database, grantId, because, call);
  platform.publish(tenantId, { kind: 'access', user: userId });
}
