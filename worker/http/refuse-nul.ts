import type { MiddlewareHandler } from 'hono';
import { errorPage } from '../console/error-page.ts';
import type { AppEnv } from './app-env.ts';
import { Refusal, refusalResponse } from './refusal.ts';

/** Refuses an address with a NUL character in its path or query: no name or id has one, and Postgres holds none as text. */
export function refuseNul(): MiddlewareHandler<AppEnv> {
  return async function refuseNulInAddress(context, next) {
    if (!context.req.raw.url.includes('%00')) return next();
    const refusal = new Refusal('invalid_arguments', 'The address holds a NUL character.');
    const { requestId } = context.get('call');
    if (context.req.header('accept')?.includes('text/html')) return errorPage(refusal, requestId);
    return refusalResponse(refusal, requestId);
  };
}
