import { WebSocket } from 'ws';
import type { Labels } from '../../protocol/labels.ts';
import { limit } from '../../protocol/limits.ts';
import type { FromExecutor, Job, Offer, ToExecutor } from '../../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { type PlayedIdentity, registerPlayed } from './played-identity.ts';
import { PLAYED_IMAGE } from './played-outcome.ts';
import type { TestStack } from './stack.ts';

export interface PlayedExecutor extends PlayedIdentity {
  /** All that the pool sent on all sockets, in order. */
  readonly received: readonly ToExecutor[];
  /** The next job that nobody took yet. */
  takeJob(): Promise<Job>;
  /** The first message that matches, received already or to come. */
  until(matches: (message: ToExecutor) => boolean): Promise<ToExecutor>;
  send(message: FromExecutor): void;
  /** Sends what is no message of the protocol. */
  sendText(text: string): void;
  /** Names these runs in each heartbeat, and in the next hello. */
  hold(...leases: { run: Job['run']; fence: number }[]): void;
  /** Ends the connection as a crash does. */
  cut(): Promise<void>;
  /** Ends it as a stopping executor does. */
  stop(): Promise<void>;
  /** Connects (again) and waits for the welcome; gives the close code where there is none. */
  connect(changes?: {
    protocol?: number;
    offer?: Partial<Offer>;
    draining?: boolean;
  }): Promise<'welcome' | number>;
  /** How the last connection was closed by the other side; null while it is open. */
  readonly closed: { readonly code: number; readonly reason: string } | null;
  /** Resolves when the other side closes the connection. */
  untilClosed(): Promise<number>;
}

/**
 * An executor that speaks the protocol and runs nothing: the test decides what it says and when. It is registered with a
 * real join token and signs with a real key; what it is told is what a real one would be told.
 */
export async function playExecutor(
  stack: TestStack,
  wish: { name?: string; slots?: number; pool?: string; joinToken?: string; labels?: Labels } = {},
): Promise<PlayedExecutor> {
  const identity = await registerPlayed(stack, wish);
  const received: ToExecutor[] = [];
  const listeners = new Set<(message: ToExecutor) => void>();
  let taken = 0;
  let held: { run: Job['run']; fence: number }[] = [];
  let socket: WebSocket | null = null;
  let closed: { code: number; reason: string } | null = null;
  let ended = Promise.withResolvers<number>();

  return {
    ...identity,
    received,
    async takeJob() {
      const mine = taken++;
      const jobs = () => received.filter((message) => message.type === 'job');
      for (;;) {
        const job = jobs()[mine];
        if (job !== undefined) return job;
        await new Promise<void>((resolve) => {
          const listener = () => {
            listeners.delete(listener);
            resolve();
          };
          listeners.add(listener);
        });
      }
    },
    until(matches) {
      const found = received.find(matches);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => {
        const listener = (message: ToExecutor) => {
          if (!matches(message)) return;
          listeners.delete(listener);
          resolve(message);
        };
        listeners.add(listener);
      });
    },
    send(message) {
      socket?.send(JSON.stringify(message));
    },
    sendText(text) {
      socket?.send(text);
    },
    get closed() {
      return closed;
    },
    untilClosed: () => ended.promise,
    hold(...leases) {
      held = leases;
    },
    async cut() {
      const closing = socket;
      socket = null;
      closing?.terminate();
    },
    async stop() {
      const closing = socket;
      socket = null;
      if (closing === null || closing.readyState === WebSocket.CLOSED) return;
      const closed = new Promise((resolve) => closing.once('close', resolve));
      closing.close(1000, 'the executor stops');
      await closed;
    },
    async connect(changes = {}) {
      const dialled = new WebSocket(`${stack.publicUrl.replace(/^http/, 'ws')}/executor/connect`, {
        headers: { authorization: identity.authorization() },
      });
      socket = dialled;
      closed = null;
      ended = Promise.withResolvers();
      const { resolve: tellEnded } = ended;
      await new Promise((resolve, reject) => {
        dialled.once('open', resolve);
        dialled.once('error', reject);
      });
      const beat = setInterval(() => {
        if (dialled.readyState === WebSocket.OPEN)
          dialled.send(JSON.stringify({ type: 'heartbeat', holding: held }));
      }, limit('heartbeat_ms'));
      return new Promise((resolve) => {
        dialled.on('close', (code, reason) => {
          clearInterval(beat);
          if (socket === dialled) closed = { code, reason: reason.toString() };
          tellEnded(code);
          resolve(code);
        });
        dialled.on('error', () => {});
        dialled.on('message', (data) => {
          const message = JSON.parse(String(data)) as ToExecutor;
          received.push(message);
          if (message.type === 'welcome') resolve('welcome');
          for (const listener of [...listeners]) listener(message);
        });
        dialled.send(
          JSON.stringify({
            type: 'hello',
            protocol: changes.protocol ?? PROTOCOL_VERSION,
            version: 'test',
            offer: { ...offerOf(wish.slots ?? 1), labels: wish.labels, ...changes.offer },
            holding: held,
            draining: changes.draining,
          } satisfies FromExecutor),
        );
      });
    },
  };
}

function offerOf(slots: number): Offer {
  return {
    engine: 'gvisor',
    engine_version: 'played',
    image: PLAYED_IMAGE,
    python: '3.13',
    packages: [],
    absent: [],
    slots,
  };
}
