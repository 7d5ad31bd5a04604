import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { RefusalLog } from '../audit/refusal-log.ts';
import { noteRefusals } from '../database/refusals.ts';
import type { Env } from '../env.ts';
import { platformOf } from '../platform.ts';
import { addressGateName } from '../tenants/address-name.ts';
import type { AppEnv } from './app-env.ts';
import { isRefusedStranger } from './is-refused-stranger.ts';

/** Of this isolate, for each deployment in it. */
const logs = new WeakMap<Env, RefusalLog>();

/**
 * Counts, for the platform's log, what is refused before it is known who asks: floods, wrong tokens, secrets, passwords, links
 * and signatures. What is refused to somebody who is known stands in the log of their tenant.
 */
export function noteStrangers(): MiddlewareHandler<AppEnv> {
  return async function countRefusal(context, next) {
    await next();
    const route = routeOf(context);
    const asked = {
      route,
      status: context.res.status,
      isKnown: context.get('use') !== undefined || context.get('isKnown') === true,
      showsCredential: context.req.header('authorization') !== undefined,
    };
    if (!isRefusedStranger(asked)) return;
    const address = addressGateName(context.get('call').address);
    const writing = logOf(context.env).add({ route, status: asked.status, address });
    if (writing !== null) context.executionCtx.waitUntil(writing);
  };
}

/** Any other is recorded as OTHER: its name is text of the client's. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function logOf(env: Env): RefusalLog {
  const known = logs.get(env);
  if (known !== undefined) return known;
  const made = new RefusalLog({
    async write(refused, total) {
      const { database } = await platformOf(env);
      const [wait] = await database.transaction([noteRefusals(refused, total)] as const);
      return wait;
    },
    wait: (ms) => scheduler.wait(ms),
    now: () => Date.now(),
  });
  logs.set(env, made);
  return made;
}

function routeOf(context: Context<AppEnv>): string {
  const matched = matchedRoutes(context).findLast(({ path }) => !path.endsWith('*'));
  const { method } = context.req;
  return `${METHODS.includes(method) ? method : 'OTHER'} ${matched?.path ?? '(unknown path)'}`;
}
