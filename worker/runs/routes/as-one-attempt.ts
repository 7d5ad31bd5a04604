import type { Env } from '../../env.ts';
import { Refusal } from '../../http/refusal.ts';
import { addressGateName } from '../../tenants/address-gate.ts';

/**
 * Runs an authentication as one attempt of its address: begun before anything is looked up, and counted as failed unless
 * `authenticate` calls `succeed`.
 */
export async function asOneAttempt(
  env: Env,
  address: string | null,
  authenticate: (succeed: () => void) => Promise<Response>,
): Promise<Response> {
  const gate = env.ADDRESS_GATE.get(env.ADDRESS_GATE.idFromName(addressGateName(address)));
  const retryAfterSeconds = await gate.attempt();
  if (retryAfterSeconds !== null) {
    throw new Refusal('rate_limited', 'Too many failed authentications from this address.', {
      retryAfterSeconds,
    });
  }
  let succeeded = false;
  try {
    return await authenticate(() => {
      succeeded = true;
    });
  } finally {
    await gate.finished(succeeded);
  }
}
