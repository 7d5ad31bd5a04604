import type { Context } from 'hono';
import { enter } from '../../database/with-tenant.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { requireUpgrade } from '../../http/require-upgrade.ts';
import { PRINCIPAL_HEADER, SUBPROTOCOL } from './mcp-socket.ts';

/**
 * Opens a WebSocket that speaks MCP in either era (subprotocol `mcp`), for a credential that is proven alive first.
 * Throws {@link EntryRefused} where the database refuses it.
 */
export async function connectSocket(context: Context<AppEnv>): Promise<Response> {
  const { platform, principal } = context.var;
  await enter(platform.database, principal);
  requireUpgrade(context.req.raw);
  const offered = (context.req.header('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL)) {
    throw new Refusal('invalid_arguments', `This address speaks the subprotocol ${SUBPROTOCOL} only.`, {
      hint: `Open the socket with the subprotocol "${SUBPROTOCOL}".`,
    });
  }
  const headers = new Headers(context.req.raw.headers);
  headers.set(PRINCIPAL_HEADER, encodeURIComponent(JSON.stringify(principal)));
  const { MCP_SOCKET } = context.env;
  const answered = await MCP_SOCKET.get(MCP_SOCKET.newUniqueId()).fetch('http://socket/', { headers });
  if (answered.status === 101) return answered;
  throw new Refusal('limit_exceeded', await answered.text(), { retryAfterSeconds: 30 });
}
