import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports of outgoing connections (Linux: 32768 and up), of which any may take one that was free a moment ago. */
const LEAST = 20_000;
const MOST = 32_000;
const TRIES = 100;

/** A TCP port that was free on 127.0.0.1 a moment ago. Another server can take it first: callers report that. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LEAST, MOST);
    if (await isFreePort(port)) return port;
  }
  throw new Error(`${TRIES} ports from ${LEAST} to ${MOST} on 127.0.0.1 are in use`);
}

/** Whether nothing listens on a port of 127.0.0.1. */
export function isFreePort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
