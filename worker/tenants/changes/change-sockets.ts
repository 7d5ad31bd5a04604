import { limit } from '../../../protocol/limits.ts';
import type { Change } from './change.ts';

/**
 * The sockets of a tenant's subscribers, at its gate. They hibernate: a gate that nothing happens at sleeps while they
 * stay open, and one that wakes finds them. Every subscriber hears of every change; what it may pass on is not decided here.
 */
export class ChangeSockets {
  private readonly context: DurableObjectState;

  constructor(context: DurableObjectState) {
    this.context = context;
  }

  /** Opens a subscriber's socket; the name of the limit that stands against it, where there is one. */
  accept(credential: string): Response | 'change_streams' | 'tenant_change_streams' {
    if (this.open(credential).length >= limit('change_streams')) return 'change_streams';
    if (this.open().length >= limit('tenant_change_streams')) return 'tenant_change_streams';
    const { 0: client, 1: server } = new WebSocketPair();
    this.context.acceptWebSocket(server, [credential]);
    return new Response(null, { status: 101, webSocket: client });
  }

  broadcast(change: Change): void {
    const sockets = this.open();
    if (sockets.length === 0) return;
    const message = JSON.stringify(change);
    for (const socket of sockets) {
      try {
        socket.send(message);
      } catch {
        // Its subscriber is going away, and finds the socket closed.
      }
    }
  }

  private open(credential?: string): WebSocket[] {
    return this.context.getWebSockets(credential).filter(({ readyState }) => readyState === WebSocket.OPEN);
  }
}
