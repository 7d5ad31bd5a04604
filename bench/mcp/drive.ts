import { connect } from 'node:net';
import { type HttpResponse, responseReader } from '../load/read-responses.ts';

/** What one client says in one unit of work: it yields a request and is given the response, and throws where that is wrong. */
export type Conversation = Generator<Buffer, void, HttpResponse>;

export interface Drive {
  readonly port: number;
  readonly clients: number;
  readonly durationMs: number;
  /** The next conversation of a client, which are numbered from 0. */
  readonly begin: (client: number) => Conversation;
}

export interface Driven {
  /** Conversations that ended well, and for how long each took. */
  readonly latenciesMs: readonly number[];
  readonly seconds: number;
  /** What the server sent, heads and framing included. */
  readonly bytes: number;
  /** Conversations that were begun and did not end well, with the reason of the first. */
  readonly lost: number;
  readonly firstLoss: string | null;
}

/** An answer that takes longer is lost. */
const PATIENCE_MS = 20_000;

/** Keeps `clients` connections busy, each with its next conversation as soon as the one before is over, until the time is. */
export async function drive({ port, clients, durationMs, begin }: Drive): Promise<Driven> {
  const latenciesMs: number[] = [];
  const losses: string[] = [];
  let bytes = 0;
  const startedMs = performance.now();
  const untilMs = startedMs + durationMs;

  const converse = (client: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const read = responseReader();
      let conversation: Conversation;
      let begunMs = 0;
      let isOver = false;
      const finish = (loss?: unknown): void => {
        if (isOver) return;
        isOver = true;
        if (loss !== undefined) losses.push(String(loss));
        socket.destroy();
        resolve();
      };
      const next = (response?: HttpResponse): void => {
        const step = response === undefined ? conversation.next() : conversation.next(response);
        if (!step.done) socket.write(step.value);
        else endWell();
      };
      const start = (): void => {
        begunMs = performance.now();
        conversation = begin(client);
        next();
      };
      const endWell = (): void => {
        const nowMs = performance.now();
        latenciesMs.push(nowMs - begunMs);
        if (nowMs >= untilMs) finish();
        else start();
      };
      socket.on('connect', start);
      socket.on('data', (chunk) => {
        const response = read(chunk);
        if (response === null) return;
        bytes += response.bytes;
        try {
          next(response);
        } catch (thrown) {
          finish(thrown);
        }
      });
      socket.setTimeout(PATIENCE_MS, () => finish(`no answer in ${PATIENCE_MS / 1000} s`));
      socket.on('error', finish);
      socket.on('close', () => finish('the server closed a connection'));
    });

  await Promise.all(Array.from({ length: clients }, (_, client) => converse(client)));
  const seconds = (performance.now() - startedMs) / 1000;
  return { latenciesMs, seconds, bytes, lost: losses.length, firstLoss: losses[0] ?? null };
}
