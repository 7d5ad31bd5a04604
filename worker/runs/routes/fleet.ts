import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { asAttempt } from '../../identity/authentication-attempt.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import { poolOf } from '../pool-of.ts';
import { readFleetCall } from './fleet-proof.ts';
import { unauthenticated } from './unauthenticated.ts';

/** The operator changed something about a pool in the database: the pool heeds it now, and says how it stands. */
export async function lookAtFleet(context: Context<AppEnv>): Promise<Response> {
  const { call, platform } = context.var;
  return asAttempt(addressGateOf(context.env, call.address), async (succeeded) => {
    const header = context.req.header('authorization') ?? null;
    const pool = await readFleetCall(platform.database.ticketKey, header, Date.now());
    if (pool === null) {
      return unauthenticated(
        context,
        'Causeway-Operator',
        'The call is not one that the database signed just now.',
      );
    }
    succeeded();
    return context.json(await poolOf(context.env, pool).sweep(pool));
  });
}
