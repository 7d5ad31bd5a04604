import { DurableObject } from 'cloudflare:workers';
import { EntryRefused } from '../../database/database.ts';
import { enter } from '../../database/with-tenant.ts';
import type { Env } from '../../env.ts';
import { platformOf } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { Connection } from './connection.ts';

export const SUBPROTOCOL = 'mcp';
/** Tells the object whose socket it holds, as JSON in percent encoding. */
export const PRINCIPAL_HEADER = 'x-causeway-principal';
/** Headers of the upgrade that each message is served with. */
const KEPT_HEADERS = ['authorization', 'cf-connecting-ip', 'user-agent'] as const;
/** How long an idle connection may outlive its credential. */
const WATCH_MS = 30_000;

/**
 * One a WebSocket, in memory only: it holds the socket, because an object, unlike a request, may live as long as one. It
 * asks the Worker's own front door for each message, so that nothing of a request is decided a second time here.
 */
export class McpSocket extends DurableObject<Env> {
  /** The upgrade of a client whose credential the Worker has proven alive. */
  override async fetch(request: Request): Promise<Response> {
    const { publicUrl } = await platformOf(this.env);
    const principal = JSON.parse(
      decodeURIComponent(request.headers.get(PRINCIPAL_HEADER) ?? ''),
    ) as Principal;
    const { 0: client, 1: socket } = new WebSocketPair();
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => {
        const value = request.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    const { default: frontDoor } = this.ctx.exports as unknown as { readonly default: Fetcher };
    const connection = new Connection(
      {
        serve: (message) => frontDoor.fetch(message),
        send: (text) => socket.send(text),
        close: (code, reason) => socket.close(code, reason),
      },
      `${publicUrl}/mcp`,
      headers,
    );
    socket.accept();
    const watch = setInterval(() => void this.watch(principal, connection), WATCH_MS);
    const gone = () => {
      clearInterval(watch);
      connection.end(1000, '');
    };
    socket.addEventListener('message', ({ data }) => void connection.take(data as string | ArrayBuffer));
    socket.addEventListener('close', gone);
    socket.addEventListener('error', gone);
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { 'sec-websocket-protocol': SUBPROTOCOL },
    });
  }

  private async watch(principal: Principal, connection: Connection): Promise<void> {
    const { database } = await platformOf(this.env);
    try {
      await enter(database, principal);
    } catch (error) {
      // A database that does not answer says nothing of the credential; the next message or look does.
      if (error instanceof EntryRefused) connection.end(1008, 'the credential is not valid any more');
    }
  }
}
