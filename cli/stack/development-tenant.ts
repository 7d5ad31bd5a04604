import { parseApiToken } from '../../protocol/api-token.ts';
import { newId, type TenantId } from '../../protocol/ids.ts';
import { ALL_SCOPES } from '../../worker/mcp/scopes.ts';
import { asOperator } from '../database/operator.ts';
import { mintToken } from '../identity/mint-token.ts';
import type { Connection } from './connection-file.ts';

export const DEVELOPMENT_EMAIL = 'owner@development.example';

export interface DevelopmentOwner {
  readonly email: string;
  readonly apiToken: string;
}

/** The development tenant with its owner and a token of all scopes: made once, then the same token as before while it is alive. */
export async function ensureDevelopmentTenant(
  ownerUrl: string,
  tenant: TenantId,
  known: Connection | null,
): Promise<DevelopmentOwner> {
  return asOperator(ownerUrl, async (operator) => {
    const knownToken = known === null ? null : parseApiToken(known.apiToken);
    if (known !== null && knownToken?.tenant === tenant) {
      const tokens = await operator.listTokens(tenant);
      const alive = tokens.some(
        (token) =>
          token.token_id === knownToken.token && token.revoked_at === null && token.expires_at === null,
      );
      if (alive) return { email: known.email, apiToken: known.apiToken };
    }
    const user = await operator.provisionTenant({
      tenant,
      tenantName: 'Development',
      user: newId('user'),
      email: DEVELOPMENT_EMAIL,
      userName: 'Development owner',
      role: 'owner',
    });
    const { text } = await mintToken(operator, {
      tenant,
      user,
      name: 'causeway up',
      scopes: ALL_SCOPES,
      roleCeiling: null,
      expiresAt: null,
    });
    return { email: DEVELOPMENT_EMAIL, apiToken: text };
  });
}
