import type { MiddlewareHandler } from 'hono';
import { errorPage } from '../console/error-page.ts';
import { isDecodable } from '../input/parse-form.ts';
import type { AppEnv } from './app-env.ts';
import { Refusal, refusalResponse } from './refusal.ts';

/** Refuses an address whose path or query is no Unicode text, or holds a NUL: no name or id has one, and Postgres holds none as text. */
export function refuseBadAddress(): MiddlewareHandler<AppEnv> {
  return async function refuseUndecodable(context, next) {
    if (isDecodable(context.req.raw.url)) return next();
    const refusal = new Refusal(
      'invalid_arguments',
      'The address holds a NUL character, or % without two digits of UTF-8.',
    );
    const { requestId } = context.get('call');
    if (context.req.header('accept')?.includes('text/html')) return errorPage(refusal, requestId);
    return refusalResponse(refusal, requestId);
  };
}
