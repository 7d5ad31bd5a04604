import { formatApiToken } from '../../protocol/api-token.ts';
import { newId, type TenantId, type TokenId, type UserId } from '../../protocol/ids.ts';
import { newSecret } from '../../protocol/secret.ts';
import type { TokenOperator } from '../database/token-operator.ts';
import { hashSecret } from './hash-secret.ts';

export interface TokenWish {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly name: string;
  readonly scopes: readonly string[];
  /** The most that the token may do, whatever its person may; null: what the person may. */
  readonly roleCeiling: string | null;
  readonly expiresAt: Date | null;
  /** Networks in CIDR form from which alone it may be used; absent: from everywhere. */
  readonly addressRanges?: readonly string[];
  /** Ids or names of the only projects that it is to reach; absent: all of its person. */
  readonly projects?: readonly string[];
}

/** Makes a token of a person. Its text exists only in what is returned: the database gets the argon2id hash of its secret. */
export async function mintToken(
  operator: TokenOperator,
  wish: TokenWish,
): Promise<{ readonly id: TokenId; readonly text: string }> {
  const id = newId('token');
  const secret = newSecret();
  const hash = await hashSecret(secret);
  await operator.createToken({
    ...wish,
    addressRanges: wish.addressRanges ?? null,
    projects: wish.projects ?? null,
    token: id,
    hash,
  });
  return { id, text: formatApiToken({ tenant: wish.tenant, token: id, secret }) };
}
