import type { Context, MiddlewareHandler } from 'hono';
import { errorPage } from '../console/error-page.ts';
import { readSession } from '../people/session.ts';
import type { AppEnv } from './app-env.ts';
import { bearerOf } from './authenticate.ts';
import { Refusal, refusalResponse } from './refusal.ts';
import { noPageForStrangers } from './unauthorized.ts';

/** Says that an address does not exist. Only callers with a living credential are told so; strangers get 401. */
export async function nothingHere(context: Context<AppEnv>): Promise<Response> {
  const refusal = new Refusal('not_found', 'There is nothing at this address.', {
    hint: 'The MCP endpoint is /mcp.',
  });
  const { requestId } = context.get('call');
  if (context.req.header('accept')?.includes('text/html')) return errorPage(refusal, requestId);
  return refusalResponse(refusal, requestId);
}

/** Shows a browser that names no credential a page; a program goes on, to the same refusal as an envelope. */
export function tellStrangers(): MiddlewareHandler<AppEnv> {
  return async function answerBrowsers(context, next) {
    const isBrowser = context.req.header('accept')?.includes('text/html') === true;
    if (!isBrowser || bearerOf(context.req.raw) !== null) return next();
    return noPageForStrangers(context.get('call').requestId, context.get('platform').publicUrl);
  };
}

/** Answers signed-in people with `answer`; others, and requests with a bearer token, go on to the next middleware. */
export function tellSignedIn(
  answer: (context: Context<AppEnv>) => Promise<Response>,
): MiddlewareHandler<AppEnv> {
  return async function answerSignedIn(context, next) {
    if (bearerOf(context.req.raw) === null && (await readSession(context)) !== null) return answer(context);
    return next();
  };
}
