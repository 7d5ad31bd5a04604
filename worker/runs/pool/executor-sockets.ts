import type { ExecutorId } from '../../../protocol/ids.ts';
import { limit } from '../../../protocol/limits.ts';
import type { ToExecutor } from '../../../protocol/messages.ts';

/** What is kept with a socket, through hibernation. */
interface Attachment {
  readonly executor: ExecutorId;
  /** Null until its hello was accepted. */
  readonly offer: { readonly image: string; readonly slots: number; readonly engine: string } | null;
  readonly draining: boolean;
}

/** An executor that said hello and may be given runs. */
export interface ConnectedExecutor {
  readonly executor: ExecutorId;
  readonly image: string;
  readonly slots: number;
  readonly engine: string;
  readonly draining: boolean;
}

/** Why the pool closes an executor's socket (RFC 6455, section 7.4.2: 4000-4999 are private). */
export const CLOSE = {
  replaced: [4001, 'another connection of this executor took over'],
  revoked: [4002, 'this executor was revoked'],
  protocol: [4003, 'this version of the protocol is not spoken here'],
  invalid: [4004, 'a message could not be understood'],
  later: [1013, 'the database does not answer; try again later'],
} as const satisfies Record<string, readonly [number, string]>;

/** The sockets that executors hold open to this pool. They outlive an eviction; who spoke last is known to memory only. */
export class ExecutorSockets {
  private readonly context: DurableObjectState;
  private readonly seenAt = new WeakMap<WebSocket, number>();

  constructor(context: DurableObjectState) {
    this.context = context;
  }

  accept(socket: WebSocket, executor: ExecutorId): void {
    this.context.acceptWebSocket(socket, [executor]);
    socket.serializeAttachment({ executor, offer: null, draining: false } satisfies Attachment);
  }

  executorOf(socket: WebSocket): ExecutorId {
    return attachmentOf(socket).executor;
  }

  /** Makes `socket` the one of its executor and closes those before it. */
  greet(socket: WebSocket, offer: { image: string; slots: number; engine: string }): void {
    const { executor } = attachmentOf(socket);
    for (const other of this.context.getWebSockets(executor))
      if (other !== socket) close(other, CLOSE.replaced);
    socket.serializeAttachment({ executor, offer, draining: false } satisfies Attachment);
  }

  /** Notes that the executor spoke; true where it had been silent for so long that it got no runs. */
  heard(socket: WebSocket, now: number): boolean {
    const wasSilent = this.isSilent(socket, now);
    this.seenAt.set(socket, now);
    return wasSilent;
  }

  /** Those that may be given runs: said hello, are not draining, and spoke within a lease. */
  connected(now: number): ConnectedExecutor[] {
    return this.greeted()
      .filter(({ socket, draining }) => !draining && !this.isSilent(socket, now))
      .map(({ socket: _, ...executor }) => executor);
  }

  /** Whether the executor has an open socket on which it said hello. */
  isConnected(executor: ExecutorId): boolean {
    return this.greeted().some((candidate) => candidate.executor === executor);
  }

  send(executor: ExecutorId, message: ToExecutor): boolean {
    const found = this.greeted().find((candidate) => candidate.executor === executor);
    return found !== undefined && sendOn(found.socket, message);
  }

  /** Gives the executor no further runs. */
  drain(executor: string): void {
    for (const socket of this.context.getWebSockets(executor)) {
      socket.serializeAttachment({ ...attachmentOf(socket), draining: true });
    }
  }

  close(executor: string, why: readonly [number, string]): void {
    for (const socket of this.context.getWebSockets(executor)) close(socket, why);
  }

  private isSilent(socket: WebSocket, now: number): boolean {
    return now - (this.seenAt.get(socket) ?? now) >= limit('lease_ms');
  }

  private greeted(): (ConnectedExecutor & { socket: WebSocket })[] {
    return this.context.getWebSockets().flatMap((socket) => {
      const { executor, offer, draining } = attachmentOf(socket);
      return offer === null || socket.readyState !== WebSocket.OPEN
        ? []
        : [{ socket, executor, draining, ...offer }];
    });
  }
}

/** Sends on one socket; false where it is gone. */
export function sendOn(socket: WebSocket, message: ToExecutor): boolean {
  try {
    socket.send(JSON.stringify(message));
    return true;
  } catch {
    return false;
  }
}

export function close(socket: WebSocket, [code, reason]: readonly [number, string]): void {
  // A closed socket stays listed until its peer answers; without an offer it counts for nothing.
  socket.serializeAttachment({ ...attachmentOf(socket), offer: null });
  try {
    socket.close(code, reason);
  } catch {
    // It was closed already.
  }
}

function attachmentOf(socket: WebSocket): Attachment {
  return socket.deserializeAttachment() as Attachment;
}
