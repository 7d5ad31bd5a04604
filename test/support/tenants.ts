import { newId, type TenantId, type TokenId, type UserId } from '../../protocol/ids.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import type { Ask } from './database.ts';

/** A tenant with one person and one API token, and the principal by which that person calls. */
export type Inhabitant = {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly tokenId: TokenId;
  readonly principal: Principal;
};

export type InhabitantOptions = {
  /** `Ann` of tenant `Acme` gets the email `ann@acme.example`. */
  readonly person: string;
  readonly tenant: string;
  readonly tenantId?: TenantId;
  readonly role?: 'viewer' | 'member' | 'admin' | 'owner';
  readonly scopes?: readonly string[];
  readonly roleCeiling?: string;
  readonly expiresAt?: Date;
  /** A PHC string of argon2id; by default one of a secret that nobody holds. */
  readonly argon2id?: string;
};

const NOBODY = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
const EVERY_SCOPE = [
  'projects:read',
  'projects:write',
  'data:read',
  'data:write',
  'runs:execute',
  'share',
  'tools:call',
];

/** Settles somebody in the database by the operator's own functions. `asOwner` is of a {@link TestDatabase}. */
export async function settle(asOwner: Ask, options: InhabitantOptions): Promise<Inhabitant> {
  const tenantId = options.tenantId ?? newId('tenant');
  const tokenId = newId('token');
  const email = `${options.person}@${options.tenant}.example`.toLowerCase();
  const [provisioned] = await asOwner(
    "select app.provision_tenant($1, $2, $3, $4, $5, $6) ->> 'user_id' as user_id",
    [tenantId, options.tenant, newId('user'), email, options.person, options.role ?? 'owner'],
  );
  const userId = provisioned?.user_id as UserId;
  await asOwner('select app.create_api_token($1, $2, $3, $4, $5, $6, $7, $8)', [
    tenantId,
    tokenId,
    userId,
    `${options.person}'s laptop`,
    options.argon2id ?? NOBODY,
    options.scopes ?? EVERY_SCOPE,
    options.roleCeiling ?? null,
    options.expiresAt ?? null,
  ]);
  const principal: Principal = {
    tenantId,
    userId,
    credential: { kind: 'api_token', id: tokenId },
    needs: { scopes: [], role: null },
    requestId: newId('request'),
    address: '192.0.2.7',
    userAgent: 'test',
  };
  return { tenantId, userId, tokenId, principal };
}
