import { ProtocolError, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import { limit } from '../../../protocol/limits.ts';
import type { SessionObject } from './session-object.ts';

const URI_CHARS_MAX = 2048;

/** Gives a server what only a session can keep: subscriptions to resources, and the logging level. */
export function serveSession(server: Server, object: () => SessionObject): void {
  server.setRequestHandler('logging/setLevel', async ({ params }) => {
    await object().setLevel(params.level);
    return {};
  });
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    if (uri.length > URI_CHARS_MAX) throw refused('The URI is too long.');
    if (await object().subscribe(uri)) return {};
    const most = limit('resource_subscriptions');
    throw refused(`This session watches ${most} resources already; unsubscribe from one.`);
  });
  server.setRequestHandler('resources/unsubscribe', async ({ params }) => {
    await object().unsubscribe(params.uri);
    return {};
  });
}

function refused(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
