import { ProtocolError, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server';
import { limit } from '../../../protocol/limits.ts';
import type { SessionObject } from './mcp-session.ts';

const URI_CHARS_MAX = 2048;

/** Gives a server what only a session can keep: subscriptions to resources, and the logging level. */
export function serveSession(server: Server, object: () => SessionObject): void {
  const { resources, logging } = server.getCapabilities();
  if (logging !== undefined) {
    server.setRequestHandler('logging/setLevel', async ({ params }) => {
      await object().setLevel(params.level);
      return {};
    });
  }
  if (resources?.subscribe !== true) return;
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    if (uri.length > URI_CHARS_MAX) throw refused('The URI is too long.');
    const most = limit('mcp_session_subscriptions');
    if (!(await object().subscribe(uri)))
      throw refused(`This session has ${most} subscriptions already; unsubscribe from one.`);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', async ({ params }) => {
    await object().unsubscribe(params.uri);
    return {};
  });
}

function refused(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
