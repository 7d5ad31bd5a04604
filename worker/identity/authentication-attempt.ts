import { rateLimited } from '../http/rate-limited.ts';
import type { AddressGate } from '../tenants/address-gate.ts';

export type AttemptGate = Pick<DurableObjectStub<AddressGate>, 'attempt' | 'finished'>;

/**
 * Does the work of an authentication (look-ups, hashing, signatures) as one attempt of the caller's address, which fails
 * unless `work` calls `succeeded`. Throws a `rate_limited` refusal before any work where the address has none left.
 */
export async function asAttempt<Result>(
  gate: AttemptGate,
  work: (succeeded: () => void) => Promise<Result>,
): Promise<Result> {
  const retryAfterSeconds = await gate.attempt();
  if (retryAfterSeconds !== null) {
    throw rateLimited(
      'failed_logins_per_minute',
      'Too many authentications from this address have failed, or are being checked.',
      { hint: 'Wait, and use a credential that is alive.', retryAfterSeconds },
    );
  }
  let right = false;
  try {
    return await work(() => {
      right = true;
    });
  } finally {
    await gate.finished(right);
  }
}
