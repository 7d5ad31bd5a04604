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
  /** When it spoke last, by the pool's clock, to the second. */
  readonly heardAt: number;
}

/** A word sooner after the one before is not noted. */
const NOTE_AFTER_MS = 1_000;

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

/**
 * The sockets that executors hold open to this pool. They outlive an eviction, and with them when each spoke last: a pool
 * that wakes up must not take one that fell silent long ago for one that is there.
 */
export class ExecutorSockets {
  private readonly context: DurableObjectState;

  constructor(context: DurableObjectState) {
    this.context = context;
  }

  accept(socket: WebSocket, executor: ExecutorId, pool: string, now: number): void {
    this.context.acceptWebSocket(socket, [executor]);
    attach(socket, { executor, pool, offer: null, draining: false, cordoned: false, heardAt: now });
  }

  executorOf(socket: WebSocket): ExecutorId {
    return attachmentOf(socket).executor;
  }

  /** Makes `socket` the one of its executor and closes those before it. */
  greet(socket: WebSocket, offer: HostOffer, state: { draining: boolean; cordoned: boolean }): void {
    const { executor, pool, heardAt } = attachmentOf(socket);
    for (const other of this.context.getWebSockets(executor))
      if (other !== socket) close(other, CLOSE.replaced);
    attach(socket, { executor, pool, offer, heardAt, ...state });
  }

  /** Notes that the executor spoke; true where it had been silent for so long that it got no runs. */
  noteHeard(socket: WebSocket, now: number): boolean {
    const attachment = attachmentOf(socket);
    const wasSilent = isSilent(attachment, now);
    if (Math.abs(now - attachment.heardAt) >= NOTE_AFTER_MS) attach(socket, { ...attachment, heardAt: now });
    return wasSilent;
  }

  /** Those that said hello and spoke within a lease. */
  heard(now: number): HeardExecutor[] {
    return this.greeted()
      .filter(({ socket }) => !isSilent(attachmentOf(socket), now))
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

  /** Of the executors that were `heard` when it was asked, gives just these no further runs. */
  cordon(executors: readonly string[], heard: readonly string[]): void {
    for (const socket of heard.flatMap((executor) => this.context.getWebSockets(executor))) {
      const attachment = attachmentOf(socket);
      const cordoned = executors.includes(attachment.executor);
      if (cordoned !== attachment.cordoned) attach(socket, { ...attachment, cordoned });
    }
  }

  close(executor: string, why: readonly [number, string]): void {
    for (const socket of this.context.getWebSockets(executor)) close(socket, why);
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

/** By a clock that may have been set meanwhile: a word from the time to come is as far away as one from long ago. */
function isSilent({ heardAt }: Attachment, now: number): boolean {
  return Math.abs(now - heardAt) >= limit('lease_ms');
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
