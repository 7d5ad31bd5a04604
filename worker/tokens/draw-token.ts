import { formatApiToken } from '../../protocol/api-token.ts';
import type { TenantId, TokenId } from '../../protocol/ids.ts';
import { newSecret } from '../../protocol/secret.ts';
import { withHashSlot } from '../identity/hash-slots.ts';
import { hashPassword } from '../people/hash-password.ts';

/** OWASP's floor for argon2id: the secret has 256 bits, so that costs protect it from nothing. */
const COSTS = { memoryKib: 19_456, passes: 2, lanes: 1 } as const;

/** Draws the secret of a token: its text for the person, once, and what the database stores. Throws `busy`. */
export async function drawToken(
  tenant: string,
  id: TokenId,
): Promise<{ readonly text: string; readonly argon2id: string }> {
  const secret = newSecret();
  const argon2id = await withHashSlot(() => hashPassword(secret, COSTS));
  return { text: formatApiToken({ tenant: tenant as TenantId, token: id, secret }), argon2id };
}
