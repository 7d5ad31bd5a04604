import { FLEET_SCHEME } from '../../protocol/fleet-call.ts';
import type { Id } from '../../protocol/ids.ts';
import type { Labels } from '../../protocol/labels.ts';
import { asOperator } from '../database/operator.ts';

const TIMEOUT_MS = 10_000;

/** A pool as its Worker sees it at this moment. */
export interface PoolStatus {
  readonly executors: readonly {
    readonly executor: string;
    readonly slots: number;
    readonly held: number;
    readonly labels: Labels;
    readonly protocol: number;
    readonly draining: boolean;
    /** Why, in its own words, where it said. */
    readonly says?: string;
    readonly cordoned: boolean;
  }[];
  readonly queued: number;
}

/**
 * Makes the Worker look at a pool now, and says how the pool stands; null where the Worker cannot be reached, which then
 * looks by itself within a minute. The call is signed by the database for whoever may log in as its owner.
 */
export async function tellFleet(
  ownerUrl: string,
  publicUrl: string | undefined,
  pool: Id<'pool'>,
): Promise<PoolStatus | null> {
  if (publicUrl === undefined) return null;
  const { seconds, signatures } = await asOperator(ownerUrl, (operator) => operator.signFleetCall(pool));
  // While a key is rotated there are two; the Worker has one of them.
  for (const signature of signatures) {
    const answered = await fetch(`${publicUrl}/executor/fleet`, {
      method: 'POST',
      headers: { authorization: `${FLEET_SCHEME} ${pool}.${seconds}.${signature}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => null);
    if (answered?.ok) return (await answered.json()) as PoolStatus;
  }
  return null;
}
