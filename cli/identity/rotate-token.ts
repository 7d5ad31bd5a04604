import { formatApiToken } from '../../protocol/api-token.ts';
import { newId, type TokenId } from '../../protocol/ids.ts';
import { newSecret } from '../../protocol/secret.ts';
import type { Rotated, TokenOperator } from '../database/token-operator.ts';
import { hashSecret } from './hash-secret.ts';

/**
 * Gives a living token a successor that may do the same, and ends the old one after `overlapMs`. The successor's text
 * exists only in what is returned. Null where no such token is alive.
 */
export async function rotateToken(
  operator: TokenOperator,
  old: TokenId,
  overlapMs: number,
): Promise<(Rotated & { readonly id: TokenId; readonly text: string }) | null> {
  const id = newId('token');
  const secret = newSecret();
  const rotated = await operator.rotateToken({ old, token: id, hash: await hashSecret(secret), overlapMs });
  if (rotated === null) return null;
  return { ...rotated, id, text: formatApiToken({ tenant: rotated.tenant, token: id, secret }) };
}
