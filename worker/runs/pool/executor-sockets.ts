import type { ExecutorId } from '../../../protocol/ids.ts';
import type { Labels } from '../../../protocol/labels.ts';
import { limit } from '../../../protocol/limits.ts';
import type { ToExecutor } from '../../../protocol/messages.ts';

/** What is kept with a socket, through hibernation. */
interface Attachment {
  readonly executor: ExecutorId;
  readonly pool: string;
  /** Null until its hello was accepted. */
  readonly offer: HostOffer | null;
  /** It said so itself. */
  readonly draining: boolean;
  /** Why, in its own words, where it said that too. */
  readonly says?: string;
  /** An operator said so. */
  readonly cordoned: boolean;
}

/** What a pool uses of an executor's offer. */
export interface HostOffer {
  readonly image: string;
  readonly slots: number;
  readonly engine: string;
  readonly labels: Labels;
  /** The version of the protocol that it speaks. */
  readonly protocol: number;
}

/** An executor that said hello and spoke lately. */
export interface HeardExecutor extends HostOffer {
  readonly executor: ExecutorId;
  readonly draining: boolean;
  /** Why it is draining, in its own words, where it said. */
  readonly says?: string;
  readonly cordoned: boolean;
  /** It may be given runs: neither draining nor cordoned. */
  readonly open: boolean;
}

/** Why the pool closes an executor's socket (RFC 6455, section 7.4.2: 4000-4999 are private). */
export const CLOSE = {
  replaced: [4001, 'another connection of this executor took over'],
  revoked: [4002, 'this executor was revoked'],
  keyChanged: [4006, 'the key of this executor was changed: connect with the new one'],
  labels: [4005, 'its labels are not of the form name=value'],
  invalid: [4004, 'a message could not be understood'],
  later: [1013, 'the database does not answer; try again later'],
} as const satisfies Record<string, readonly [number, string]>;

/** Why an executor of another version is closed; the reason says what to update. */
export function closeForVersion(reason: string): readonly [number, string] {
  return [4003, reason];
}

/** The sockets that executors hold open to this pool. They outlive an eviction; who spoke last is known to memory only. */
export class ExecutorSockets {
  private readonly context: DurableObjectState;
  private readonly seenAt = new WeakMap<WebSocket, number>();

  constructor(context: DurableObjectState) {
    this.context = context;
  }

  accept(socket: WebSocket, executor: ExecutorId, pool: string): void {
    this.context.acceptWebSocket(socket, [executor]);
    attach(socket, { executor, pool, offer: null, draining: false, cordoned: false });
  }

  executorOf(socket: WebSocket): ExecutorId {
    return attachmentOf(socket).executor;
  }

  /** Makes `socket` the one of its executor and closes those before it. */
  greet(socket: WebSocket, offer: HostOffer, state: { draining: boolean; cordoned: boolean }): void {
    const { executor, pool } = attachmentOf(socket);
    for (const other of this.context.getWebSockets(executor))
      if (other !== socket) close(other, CLOSE.replaced);
    attach(socket, { executor, pool, offer, ...state });
  }

  /** Notes that the executor spoke; true where it had been silent for so long that it got no runs. */
  noteHeard(socket: WebSocket, now: number): boolean {
    const wasSilent = this.isSilent(socket, now);
    this.seenAt.set(socket, now);
    return wasSilent;
  }

  /** Those that said hello and spoke within a lease. */
  heard(now: number): HeardExecutor[] {
    return this.greeted()
      .filter(({ socket }) => !this.isSilent(socket, now))
      .map(({ socket: _, ...executor }) => executor);
  }

  /** The pool whose sockets these are; null where there is none. */
  poolName(): string | null {
    const [any] = this.context.getWebSockets();
    return any === undefined ? null : attachmentOf(any).pool;
  }

  /** Whether the executor has an open socket on which it said hello. */
  isConnected(executor: ExecutorId): boolean {
    return this.greeted(executor).length > 0;
  }

  send(executor: ExecutorId, message: ToExecutor): boolean {
    const [found] = this.greeted(executor);
    return found !== undefined && sendOn(found.socket, message);
  }

  /** The executor takes no further runs, by its own word, until it says hello again. */
  drain(socket: WebSocket, says: string | undefined): void {
    attach(socket, { ...attachmentOf(socket), draining: true, ...(says === undefined ? {} : { says }) });
  }

  /** Gives just these executors no further runs. */
  cordon(executors: readonly string[]): void {
    for (const socket of this.context.getWebSockets()) {
      const attachment = attachmentOf(socket);
      const cordoned = executors.includes(attachment.executor);
      if (cordoned !== attachment.cordoned) attach(socket, { ...attachment, cordoned });
    }
  }

  close(executor: string, why: readonly [number, string]): void {
    for (const socket of this.context.getWebSockets(executor)) close(socket, why);
  }

  private isSilent(socket: WebSocket, now: number): boolean {
    return now - (this.seenAt.get(socket) ?? now) >= limit('lease_ms');
  }

  /** Of one executor, or of all. */
  private greeted(of?: ExecutorId): (HeardExecutor & { socket: WebSocket })[] {
    return this.context.getWebSockets(of).flatMap((socket) => {
      const { executor, offer, draining, says, cordoned } = attachmentOf(socket);
      if (offer === null || socket.readyState !== WebSocket.OPEN) return [];
      const word = says === undefined ? {} : { says };
      return [{ socket, executor, draining, ...word, cordoned, open: !draining && !cordoned, ...offer }];
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
  attach(socket, { ...attachmentOf(socket), offer: null });
  try {
    socket.close(code, reason);
  } catch {
    // It was closed already.
  }
}

/** Attachments as they were read or written last: this object alone writes them, and reads those of a whole fleet for each run. */
const read = new WeakMap<WebSocket, Attachment>();

function attach(socket: WebSocket, attachment: Attachment): void {
  socket.serializeAttachment(attachment);
  read.set(socket, attachment);
}

function attachmentOf(socket: WebSocket): Attachment {
  const attachment = read.get(socket) ?? (socket.deserializeAttachment() as Attachment);
  read.set(socket, attachment);
  return attachment;
}
