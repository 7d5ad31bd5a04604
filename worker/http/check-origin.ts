import type { MiddlewareHandler } from 'hono';
import { Refusal } from './refusal.ts';

/**
 * Refuses requests that a web page of another origin sends (DNS rebinding; MCP transports, "Security Warning"). Clients
 * that are not browsers send no Origin. `Origin: null` is another origin.
 */
export function checkOrigin(publicUrl: string): MiddlewareHandler {
  const own = new URL(publicUrl).origin;
  return async function refuseForeignOrigin(context, next) {
    const origin = context.req.header('origin');
    if (origin !== undefined && origin !== own) {
      throw new Refusal('forbidden_origin', 'The request comes from a web page of another origin.', {
        hint: `Connect a client that is not a web page, or use pages of ${own}.`,
      });
    }
    await next();
  };
}
