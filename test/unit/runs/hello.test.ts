import { expect, test } from 'vitest';
import { newId } from '../../../protocol/ids.ts';
import { PROTOCOL_VERSION } from '../../../protocol/version.ts';
import { ExecutorSockets } from '../../../worker/runs/pool/executor-sockets.ts';
import { greet } from '../../../worker/runs/pool/hello.ts';
import { newLease } from '../../../worker/runs/pool/lease.ts';
import { LeaseTable } from '../../../worker/runs/pool/lease-table.ts';
import type { Pool } from '../../../worker/runs/pool/pool.ts';
import { memorySql } from '../../support/memory-sql.ts';
import { PLAYED_IMAGE } from '../../support/played-outcome.ts';

/** What a database that answers out of turn does to two connections of one executor. */

class PlayedSocket {
  readyState: number = WebSocket.OPEN;
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

/** A pool at a database that answers when the test says so, and an executor that dials it. */
function poolWithExecutor() {
  const executor = newId('executor');
  const accepted: PlayedSocket[] = [];
  const context = {
    acceptWebSocket: (socket: never) => accepted.push(socket),
    getWebSockets: () => accepted,
  };
  const sockets = new ExecutorSockets(context as unknown as ConstructorParameters<typeof ExecutorSockets>[0]);
  const answers: (() => void)[] = [];
  const transaction = () =>
    new Promise((resolve) => {
      answers.push(() => resolve([{ ok: true, cordoned: false }, []]));
    });
  const pool = {
    ...{ now: () => 0, wakeAt() {}, inBackground() {}, servedAt: new Map() },
    ...{ swept: { at: 0, asked: 0, heeded: 0 }, platform: async () => ({ database: { transaction } }) },
    leases: new LeaseTable(memorySql() as unknown as ConstructorParameters<typeof LeaseTable>[0], () => {}),
    sockets,
  } as unknown as Pool;
  const dial = () => {
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
  };
  /** A run that the executor was given, and that it works on. */
  const holdRun = () => {
    const lease = newLease({
      ...{ pool: 'pol', own: false, labels: {}, user: null, run: newId('run'), tenant: newId('tenant') },
      ...{ fence: 1, ephemeral: false, image: PLAYED_IMAGE, wallMs: 1000, queuedAt: 0 },
    });
    pool.leases.put({ ...lease, phase: 'running', executor, leasedAt: 0, leaseUntil: 30_000 });
    return () => pool.leases.get(lease.run)?.phase;
  };
  return { dial, answers, holdRun };
}

test('the answer to a connection that another has followed takes nothing from that one', async () => {
  const { dial, answers, holdRun } = poolWithExecutor();
  const first = dial();
  await expect.poll(() => answers).toHaveLength(1);
  const second = dial();
  await expect.poll(() => answers).toHaveLength(2);
  answers[1]?.();
  await second.greeted;
  const phase = holdRun();
  answers[0]?.();
  await first.greeted;
  expect([second.socket.closedWith, second.socket.sent, phase()]).toEqual([null, ['welcome'], 'running']);
  expect([first.socket.closedWith, first.socket.sent]).toEqual([4001, []]);
});
