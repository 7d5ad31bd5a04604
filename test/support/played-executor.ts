import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { WebSocket } from 'ws';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { connectStatement, EXECUTOR_SCHEME } from '../../protocol/executor-identity.ts';
import type { Labels } from '../../protocol/labels.ts';
import { limit } from '../../protocol/limits.ts';
import type { FromExecutor, Job, Offer, ToExecutor } from '../../protocol/messages.ts';
import { EMPTY_STREAM, type Outcome } from '../../protocol/outcome.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import type { TestStack } from './stack.ts';

export const PLAYED_IMAGE = `sha256:${'a'.repeat(64)}`;

export interface PlayedExecutor {
  readonly id: string;
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
  /** The `Authorization` header of a connection, as the executor would send it. */
  authorization(changes?: { seconds?: number; nonce?: string; audience?: string }): string;
}

/**
 * An executor that speaks the protocol and runs nothing: the test decides what it says and when. It is registered with a
 * real join token and signs with a real key; what it is told is what a real one would be told.
 */
export async function playExecutor(
  stack: TestStack,
  wish: { name?: string; slots?: number; pool?: string; joinToken?: string; labels?: Labels } = {},
): Promise<PlayedExecutor> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'jwk' }).x ?? '';
  const response = await fetch(`${stack.publicUrl}/executor/register`, {
    method: 'POST',
    body: JSON.stringify({
      join_token: wish.joinToken ?? (await mintJoinToken(stack.ownerUrl, wish.pool)),
      name: wish.name ?? 'played',
      public_key: raw,
    }),
  });
  if (response.status !== 201) throw new Error(`registration: ${response.status} ${await response.text()}`);
  const { executor } = (await response.json()) as { executor: string };

  const received: ToExecutor[] = [];
  const listeners = new Set<(message: ToExecutor) => void>();
  let taken = 0;
  let held: { run: Job['run']; fence: number }[] = [];
  let socket: WebSocket | null = null;
  let closed: { code: number; reason: string } | null = null;
  let ended = Promise.withResolvers<number>();

  const played: PlayedExecutor = {
    id: executor,
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
        headers: { authorization: played.authorization() },
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
    authorization(changes = {}) {
      const proof = {
        executor,
        audience: changes.audience ?? stack.publicUrl,
        seconds: changes.seconds ?? Math.floor(Date.now() / 1000),
        nonce: changes.nonce ?? randomBytes(16).toString('base64url'),
      };
      const signature = sign(null, connectStatement(proof), privateKey).toString('base64url');
      return `${EXECUTOR_SCHEME} ${executor}.${proof.seconds}.${proof.nonce}.${signature}`;
    },
  };
  return played;
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

/** An outcome as a run that printed `text` would have it. */
export function succeeded(text = ''): Outcome {
  const bytes = Buffer.byteLength(text);
  return {
    state: 'succeeded',
    exit_code: 0,
    limit: null,
    error: null,
    message: 'Finished.',
    stdout: { inline: text, bytes, kept_bytes: bytes, truncated: false, sha256: null },
    stderr: EMPTY_STREAM,
    outputs: [],
    refused_outputs: [],
    timings: { prepared_ms: 1, first_output_ms: 2, finished_ms: 3, reported_ms: 4 },
    usage: { cpu_ms: 1, memory_peak_bytes: 1 },
    sandbox: { engine: 'played', image: PLAYED_IMAGE, warm: true },
  };
}

/** Uploads bytes as the holder of a job does; gives the status and their SHA-256. */
export async function uploadBlob(stack: TestStack, capability: string, bytes: Buffer) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { status } = await fetch(`${stack.publicUrl}/executor/blobs/${sha256}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${capability}` },
    body: new Uint8Array(bytes),
  });
  return { status, sha256 };
}
