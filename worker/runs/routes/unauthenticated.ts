import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal, refusalResponse } from '../../http/refusal.ts';

const HINTS = {
  'Causeway-Executor': 'An executor registers with a join token: ./causeway executor join-token.',
  'Causeway-Join': 'Make a join token with ./causeway executor join-token; each is good for one executor.',
  'Causeway-Operator': 'The operator calls this by ./causeway executor, which signs in the database.',
  Bearer: 'Jobs carry the capabilities that they need; get_run_output makes download links.',
} as const;

/** 401 for what executors and links show. It tells the Worker's time, by which an executor with a wrong clock signs again. */
export function unauthenticated(
  context: Context<AppEnv>,
  scheme: keyof typeof HINTS,
  message: string,
): Response {
  return refusalResponse(
    new Refusal('unauthenticated', message, { hint: HINTS[scheme] }),
    context.var.call.requestId,
    { 'www-authenticate': `${scheme} realm="causeway"`, date: new Date().toUTCString() },
  );
}
