import { connect, type Socket } from 'node:net';
import { responseReader } from './read-responses.ts';

export interface OpenLoad {
  readonly port: number;
  readonly perSecond: number;
  readonly durationMs: number;
  readonly next: () => Buffer;
}

export interface OpenLoadResult {
  /** From when each request was due until it was answered. */
  readonly latenciesMs: readonly number[];
  readonly byStatus: Readonly<Record<number, number>>;
}

interface Line {
  readonly socket: Socket;
  /** What it waits to have answered. */
  asked: { readonly request: Buffer; readonly dueMs: number } | null;
  hasAnswered: boolean;
}

const TICK_MS = 2;
/** How long answers are waited for after the last request. What has none by then counts as so late. */
const LAST_ANSWERS_MS = 30_000;

/**
 * Sends requests at their times whether or not those before were answered, on as many connections as that takes: who floods
 * waits for nobody. A latency counts from when its request was due, so a server that is late is seen to be. A connection that
 * the server closed because it was idle is left, and what was just sent on it is sent again (RFC 9112, section 9.3.1).
 */
export async function generateOpenLoad({
  port,
  perSecond,
  durationMs,
  next,
}: OpenLoad): Promise<OpenLoadResult> {
  const latenciesMs: number[] = [];
  const byStatus: Record<number, number> = {};
  const lines: Line[] = [];
  let failure: Error | undefined;
  const ask = (request: Buffer, dueMs: number): void => {
    const line = lines.find(({ asked }) => asked === null) ?? open();
    line.asked = { request, dueMs };
    line.socket.write(request);
  };
  const open = (): Line => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const line: Line = { socket, asked: null, hasAnswered: false };
    const read = responseReader();
    socket.on('data', (chunk) => {
      const response = read(chunk);
      if (response === null || line.asked === null) return;
      latenciesMs.push(performance.now() - line.asked.dueMs);
      byStatus[response.status] = (byStatus[response.status] ?? 0) + 1;
      line.asked = null;
      line.hasAnswered = true;
    });
    socket.on('end', () => {
      lines.splice(lines.indexOf(line), 1);
      if (line.asked === null) return;
      if (line.hasAnswered) ask(line.asked.request, line.asked.dueMs);
      else failure = new Error('The server closed a new connection without an answer.');
    });
    socket.on('error', (error) => {
      failure = error;
    });
    lines.push(line);
    return line;
  };
  const startedMs = performance.now();
  const dueInAll = Math.floor((perSecond * durationMs) / 1000);
  for (let sent = 0; sent < dueInAll && failure === undefined; ) {
    const dueMs = startedMs + (sent * 1000) / perSecond;
    if (performance.now() < dueMs) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      continue;
    }
    ask(next(), dueMs);
    sent += 1;
  }
  const untilMs = performance.now() + LAST_ANSWERS_MS;
  while (failure === undefined && performance.now() < untilMs && lines.some(({ asked }) => asked !== null))
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  for (const { socket, asked } of lines) {
    if (asked !== null) latenciesMs.push(performance.now() - asked.dueMs);
    socket.destroy();
  }
  if (failure !== undefined) throw failure;
  return { latenciesMs, byStatus };
}
