import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../env.ts';
import { Refusal } from '../../http/refusal.ts';
import { platformOf } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { watchChanges } from '../listen/watch-changes.ts';
import { Connection } from './connection.ts';

export const SUBPROTOCOL = 'mcp';
/** Tells the object whose socket it holds, as JSON in percent encoding. */
export const PRINCIPAL_HEADER = 'x-causeway-principal';
/** Headers of the upgrade that each message is served with. */
const KEPT_HEADERS = ['authorization', 'cf-connecting-ip', 'user-agent'] as const;

/**
 * One a WebSocket, in memory only: it holds the socket, because an object, unlike a request, may live as long as one. It
 * asks the Worker's own front door for each message, so that nothing of a request is decided a second time here.
 */
export class McpSocket extends DurableObject<Env> {
  /**
   * The upgrade of a client whose credential the Worker has proven alive. The socket ends with the credential, within 30 s
   * where nothing is said; 429 where the credential has as many streams as it may.
   */
  override async fetch(request: Request): Promise<Response> {
    const platform = await platformOf(this.env);
    const { 0: client, 1: socket } = new WebSocketPair();
    const { default: frontDoor } = this.ctx.exports as unknown as { readonly default: Fetcher };
    const gone = new AbortController();
    const principal = JSON.parse(
      decodeURIComponent(request.headers.get(PRINCIPAL_HEADER) ?? ''),
    ) as Principal;
    const connection = new Connection(
      {
        tenant: principal.tenantId,
        serve: (message) => frontDoor.fetch(message),
        send: (text) => socket.send(text),
        close(code, reason) {
          // A client that is gone says no farewell, which the event of the close would wait for.
          gone.abort();
          socket.close(code, reason);
        },
        every(ms, act) {
          const timer = setInterval(act, ms);
          return () => clearInterval(timer);
        },
        pause: (ms) => scheduler.wait(ms),
      },
      `${platform.publicUrl}/mcp`,
      keptHeaders(request.headers),
    );
    try {
      const { ended } = await watchChanges(platform, principal, {
        ...NOTHING_BUT_THE_CREDENTIAL,
        signal: gone.signal,
      });
      void ended.then((why) => {
        if (why !== 'gone') connection.end(1008, 'the credential is not valid any more');
      });
    } catch (error) {
      if (error instanceof Refusal) return new Response(error.message, { status: 429 });
      throw error;
    }
    socket.accept();
    socket.addEventListener('message', ({ data }) => void connection.take(data as string | ArrayBuffer));
    for (const end of ['close', 'error'] as const) {
      socket.addEventListener(end, () => {
        gone.abort();
        connection.end(1000, '');
      });
    }
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: { 'sec-websocket-protocol': SUBPROTOCOL },
    });
  }
}

/** A subscriber that never takes what it is given, and so is only looked after. */
const NOTHING_BUT_THE_CREDENTIAL = {
  filter: () => ({}),
  deliver: () => {},
  ready: () => new Promise<void>(() => {}),
};

function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}
