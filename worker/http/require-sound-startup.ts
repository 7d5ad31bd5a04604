import type { Context, MiddlewareHandler } from 'hono';
import { checkDatabase, checkSettings, type StartupVerdict } from '../startup/startup-check.ts';
import type { AppEnv } from './app-env.ts';
import { Refusal, refusalResponse } from './refusal.ts';

/** Nothing is served, and nothing opened, with settings that are missing, weak or malformed. */
export function requireSoundSettings(): MiddlewareHandler<AppEnv> {
  return async function refuseUnsoundSettings(context, next) {
    const verdict = checkSettings(context.env);
    return verdict.ok ? next() : refuse(verdict, context);
  };
}

/** Nothing is served, and no credential looked at, before the checks of the database have passed. */
export function requireSoundDatabase(): MiddlewareHandler<AppEnv> {
  return async function refuseUnsoundDatabase(context, next) {
    const verdict = await checkDatabase(context.get('platform'));
    return verdict.ok ? next() : refuse(verdict, context);
  };
}

function refuse({ findings }: StartupVerdict & { readonly ok: false }, context: Context<AppEnv>): Response {
  return refusalResponse(
    new Refusal('unavailable', 'A start-up check failed, so nothing is served.', {
      hint: 'Each finding says its remedy; ./causeway doctor prints them.',
      details: { findings },
      retryAfterSeconds: 5,
    }),
    context.get('call').requestId,
  );
}
