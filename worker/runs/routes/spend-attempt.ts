import type { Env } from '../../env.ts';
import { Refusal } from '../../http/refusal.ts';
import { addressGateName } from '../../tenants/address-gate.ts';

/**
 * Takes one of the address's attempts to authenticate, before anything is looked up. The returned function gives it back
 * after a success.
 */
export async function spendAttempt(env: Env, address: string | null): Promise<() => Promise<void>> {
  const gate = env.ADDRESS_GATE.get(env.ADDRESS_GATE.idFromName(addressGateName(address)));
  const retryAfterSeconds = await gate.attempt();
  if (retryAfterSeconds !== null) {
    throw new Refusal('rate_limited', 'Too many failed authentications from this address.', {
      retryAfterSeconds,
    });
  }
  return async () => gate.succeeded();
}
