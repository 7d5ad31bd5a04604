import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { requireUpgrade } from '../../http/require-upgrade.ts';
import { feedOf, poolOf } from '../pool-of.ts';
import { attemptIsOver, requireCapability } from './require-capability.ts';

/** The socket on which the holder of a run's capability sends its output while it runs. */
export async function feedRun(context: Context<AppEnv>): Promise<Response> {
  const claim = await requireCapability(context, 'run');
  if (claim instanceof Response) return claim;
  requireUpgrade(context.req.raw);
  if (context.req.param('run') !== claim.run) throw new Refusal('not_found', 'There is no such run.');
  if (!(await poolOf(context.env, claim.pool).admitFeed(claim.run, claim.fence))) throw attemptIsOver();
  return feedOf(context.env, claim.run).fetch(`http://feed/?fence=${claim.fence}`, {
    headers: { upgrade: 'websocket' },
  });
}
