import type { Context } from 'hono';
import { errorPage } from '../../console/error-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { asRefusal } from '../../http/as-refusal.ts';

export type PageHandler = (context: Context<AppEnv>) => Promise<Response>;

/** Answers whatever a page's handler throws with a page, not with JSON: a sentence and a reference number. */
export function asPage(handler: PageHandler): PageHandler {
  return async function answerAsPage(context) {
    try {
      return await handler(context);
    } catch (error) {
      const { requestId } = context.get('call');
      return errorPage(asRefusal(error, requestId, context.req.path), requestId);
    }
  };
}
