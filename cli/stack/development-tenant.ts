import { randomBytes } from 'node:crypto';
import { parseApiToken } from '../../protocol/api-token.ts';
import { newId, type TenantId } from '../../protocol/ids.ts';
import { ALL_SCOPES } from '../../worker/tenants/scopes.ts';
import { asOperator } from '../database/operator.ts';
import { asTenantOperator } from '../database/tenant-operator.ts';
import { hashSecret } from '../identity/hash-secret.ts';
import { mintToken } from '../identity/mint-token.ts';
import type { Connection } from './connection-file.ts';

export const DEVELOPMENT_EMAIL = 'owner@development.example';

export interface DevelopmentOwner {
  readonly email: string;
  readonly apiToken: string;
  /** For signing in with the browser. */
  readonly password: string;
}

/** The development tenant of a stack: another one where it was deleted, because the id of a deleted tenant is never used again. */
export async function livingTenant(
  ownerUrl: string,
  tenant: TenantId,
  replace: () => TenantId,
): Promise<TenantId> {
  const shown = await asTenantOperator(ownerUrl, (operator) => operator.show(tenant));
  const step = shown?.deletion_step ?? 'waiting';
  return step === 'waiting' ? tenant : replace();
}

/** The development tenant with its owner, their password and a token of all scopes: made once, then the same as before while the token is alive. */
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
      if (alive && known.password !== null)
        return { email: known.email, apiToken: known.apiToken, password: known.password };
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
    const password = randomBytes(18).toString('base64url');
    await operator.setPassword(user, await hashSecret(password));
    return { email: DEVELOPMENT_EMAIL, apiToken: text, password };
  });
}
