import { asOperator } from '../../cli/database/operator.ts';
import { mintToken } from '../../cli/identity/mint-token.ts';
import { newId, type TenantId, type TokenId, type UserId } from '../../protocol/ids.ts';
import { ALL_SCOPES } from '../../worker/tenants/scopes.ts';
import type { TestStack } from './stack.ts';

/** Somebody of a tenant of their own, with a real API token. */
export interface Person {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly tokenId: TokenId;
  readonly token: string;
}

export interface PersonWish {
  readonly name: string;
  /** An existing tenant; a new one by default. */
  readonly tenant?: TenantId;
  readonly role?: 'viewer' | 'member' | 'admin' | 'owner';
  readonly scopes?: readonly string[];
  readonly roleCeiling?: string;
  readonly expiresAt?: Date;
  readonly addressRanges?: readonly string[];
  /** Ids or names of the only projects that the token reaches. */
  readonly projects?: readonly string[];
}

/** Settles a person in the running stack as its operator would. */
export async function settlePerson(stack: TestStack, wish: PersonWish): Promise<Person> {
  const tenant = wish.tenant ?? newId('tenant');
  return asOperator(stack.ownerUrl, async (operator) => {
    const user = await operator.provisionTenant({
      tenant,
      tenantName: `${wish.name}'s tenant`,
      user: newId('user'),
      email: `${wish.name}-${tenant.slice(-8)}@example.org`.toLowerCase(),
      userName: wish.name,
      role: wish.role ?? 'owner',
    });
    const { id, text } = await mintToken(operator, {
      tenant,
      user,
      name: 'test',
      scopes: wish.scopes ?? ALL_SCOPES,
      roleCeiling: wish.roleCeiling ?? null,
      expiresAt: wish.expiresAt ?? null,
      ...(wish.addressRanges === undefined ? {} : { addressRanges: wish.addressRanges }),
      ...(wish.projects === undefined ? {} : { projects: wish.projects }),
    });
    return { tenant, user, tokenId: id, token: text };
  });
}
