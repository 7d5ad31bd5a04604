import { encodeBase64url } from '../../protocol/base64url.ts';
import { newId } from '../../protocol/ids.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { ExecutorSockets } from '../../worker/runs/pool/executor-sockets.ts';
import { greet } from '../../worker/runs/pool/hello.ts';
import { type Lease, newLease } from '../../worker/runs/pool/lease.ts';
import { LeaseTable } from '../../worker/runs/pool/lease-table.ts';
import type { Pool } from '../../worker/runs/pool/pool.ts';
import { memorySql } from './memory-sql.ts';
import { PLAYED_IMAGE } from './played-outcome.ts';

/** The pool's end of an executor's socket. */
export class PlayedSocket {
  readyState: number = WebSocket.OPEN;
  /** The types of what was sent on it. */
  readonly sent: string[] = [];
  closedWith: number | null = null;
  private attachment: unknown;
  serializeAttachment = (attachment: unknown) => {
    this.attachment = attachment;
  };
  deserializeAttachment = () => this.attachment;
  send = (text: string) => void this.sent.push(JSON.parse(text).type);
  close = (code: number) => {
    this.readyState = WebSocket.CLOSING;
    this.closedWith = code;
  };
}

/** A pool at a database that answers when the test says so, and what the test says, and one executor that dials it. */
export async function playPool() {
  const executor = newId('executor');
  const accepted: PlayedSocket[] = [];
  const context = {
    acceptWebSocket: (socket: never) => accepted.push(socket),
    getWebSockets: () => accepted,
  };
  const sockets = new ExecutorSockets(context as unknown as ConstructorParameters<typeof ExecutorSockets>[0]);
  /** What the database was asked and has not answered. */
  const asked: PromiseWithResolvers<readonly unknown[]>[] = [];
  const transaction = () => {
    const answer = Promise.withResolvers<readonly unknown[]>();
    asked.push(answer);
    return answer.promise;
  };
  const ticketKey = await importTicketKey(encodeBase64url(new Uint8Array(32).fill(7)));
  const pool = {
    ...{ now: () => 0, wakeAt() {}, inBackground() {}, servedAt: new Map(), work: new Map() },
    swept: { at: 0, asked: 0, heeded: 0 },
    platform: async () => ({ database: { ticketKey, transaction } }),
    leases: new LeaseTable(memorySql() as unknown as ConstructorParameters<typeof LeaseTable>[0], () => {}),
    sockets,
  } as unknown as Pool;

  return {
    pool,
    asked,
    /** Connects and says hello. */
    dial() {
      const socket = new PlayedSocket();
      sockets.accept(socket as unknown as WebSocket, executor, 'pol', 0);
      const offer = {
        engine: 'gvisor',
        engine_version: '',
        image: PLAYED_IMAGE,
        python: '',
        slots: 1,
      } as const;
      const greeted = greet(pool, socket as unknown as WebSocket, {
        ...{ type: 'hello', protocol: PROTOCOL_VERSION, version: '0', holding: [] },
        offer: { ...offer, packages: [], absent: [] },
      });
      return { socket, greeted };
    },
    /** A run of which the pool has a lease; what it is now. */
    lease(as: Partial<Lease> = {}) {
      const lease = newLease({
        ...{ pool: 'pol', own: false, labels: {}, user: null, run: newId('run'), tenant: newId('tenant') },
        ...{ fence: 1, ephemeral: false, image: PLAYED_IMAGE, wallMs: 1000, queuedAt: 0 },
      });
      pool.leases.put({ ...lease, ...as });
      return { run: lease.run, now: () => pool.leases.get(lease.run) };
    },
    executor,
  };
}
/** The answer to a hello. */
export const LET_ON = [{ ok: true, cordoned: false }, []] as const;
