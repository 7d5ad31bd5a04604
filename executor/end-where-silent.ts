import type { WebSocket } from 'ws';
import { limit } from '../protocol/limits.ts';

/** Sends heartbeats while a socket is open, and ends one that has answered pings and then brings nothing for a whole interval. */
export function endWhereSilent(
  socket: WebSocket,
  { onBeat, onAlive }: { readonly onBeat: () => void; readonly onAlive: () => void },
): void {
  let beat: NodeJS.Timeout | undefined;
  let answersPings = false;
  let isQuiet = false;
  const alive = (): void => {
    isQuiet = false;
    onAlive();
  };
  socket.on('open', () => {
    socket.ping();
    beat = setInterval(() => {
      if (answersPings && isQuiet) return socket.terminate();
      isQuiet = true;
      socket.ping();
      onBeat();
    }, limit('heartbeat_ms'));
  });
  socket.on('pong', () => {
    answersPings = true;
    alive();
  });
  socket.on('message', alive);
  socket.on('close', () => clearInterval(beat));
}
