import type { MiddlewareHandler } from 'hono';
import { checkStartup } from '../startup/startup-check.ts';
import type { AppEnv } from './app-env.ts';
import { Refusal, refusalResponse } from './refusal.ts';

/** Nothing is served, and no credential looked at, before the start-up checks have passed. */
export function requireSoundStartup(): MiddlewareHandler<AppEnv> {
  return async function refuseWhileUnsound(context, next) {
    const verdict = await checkStartup(context.get('platform'));
    if (verdict.ok) return next();
    return refusalResponse(
      new Refusal('unavailable', 'A start-up check failed, so nothing is served.', {
        hint: 'The operator finds the remedy in docs/architecture.md, "Start-up checks".',
        details: { findings: verdict.findings },
        retryAfterSeconds: 5,
      }),
      context.get('call').requestId,
    );
  };
}
