import { connect, type Socket } from 'node:net';
import { responseReader } from './read-responses.ts';
import type { Target } from './target.ts';

export interface Load extends Pick<Target, 'port' | 'next' | 'check'> {
  readonly concurrency: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

/**
 * Sends requests over a fixed number of keep-alive connections, each the next one as soon as it has its answer, until the
 * time or what was prepared is over. Raw sockets and prepared bytes: a full HTTP client would use more CPU than what it measures.
 */
export async function generateLoad(load: Load): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const untilMs = startedMs + load.durationMs;
  await Promise.all(
    Array.from({ length: load.concurrency }, (_, connection) =>
      keepAsking(load, connection, untilMs, (ms) => latenciesMs.push(ms)),
    ),
  );
  return { requests: latenciesMs.length, seconds: (performance.now() - startedMs) / 1000, latenciesMs };
}

function keepAsking(
  load: Load,
  connection: number,
  untilMs: number,
  onLatency: (ms: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true });
    const read = responseReader();
    let sentMs = 0;
    let isOver = false;
    const finish = (failure?: unknown): void => {
      isOver = true;
      socket.destroy();
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const ask = (): void => {
      const request = load.next(connection);
      if (request === null) {
        finish();
        return;
      }
      sentMs = performance.now();
      socket.write(request);
    };
    socket.on('connect', ask);
    socket.on('data', (chunk) => {
      const response = read(chunk);
      if (response === null) return;
      const nowMs = performance.now();
      onLatency(nowMs - sentMs);
      try {
        load.check(response, connection);
      } catch (thrown) {
        return finish(thrown);
      }
      if (nowMs >= untilMs) finish();
      else ask();
    });
    socket.on('error', finish);
    socket.on('close', () => {
      if (!isOver) finish(new Error('the server closed a connection under load'));
    });
  });
}
