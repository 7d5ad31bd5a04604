import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { parseJson } from './parse-json.ts';

const COMMAND_CHARS_MAX = 100;
const ANSWER_TIMEOUT_MS = 5_000;

/** What a daemon says of itself on its own host. */
const statusSchema = z.object({
  pid: z.number(),
  version: z.string(),
  url: z.string(),
  executor: z.string(),
  pool: z.string(),
  /** Whether the pool has welcomed it and the socket is open. */
  connected: z.boolean(),
  /** HTTP status with which the pool refused the last dial; null where it did not. */
  refused_status: z.number().nullable(),
  /** Why it is not connected; null where it is, and until its first dial is over. An earlier version does not say. */
  trouble: z.string().nullable().default(null),
  /** It takes no further runs, for good or for now. */
  draining: z.boolean(),
  /** Why it takes none for now; null where it takes some, or none any more. An earlier version does not say. */
  says: z.string().nullable().default(null),
  /** How old its key is; null where nobody knows. An earlier version does not say. */
  key_days: z.number().nullable().default(null),
  /** Why the key, which is due, could not be exchanged for another; null where that is not so. */
  key_trouble: z.string().nullable().default(null),
  /** Runs that it works on, or whose outcome is not recorded yet. */
  runs: z.number(),
  slots: z.number(),
  engine: z.string(),
  engine_version: z.string(),
  image: z.string(),
});
export type DaemonStatus = z.infer<typeof statusSchema>;

export interface Control {
  readonly status: () => DaemonStatus;
  /** Takes no further runs and ends when it holds none. */
  readonly drain: () => void;
}

/** Only root enters the state folder, and only root may open the socket in it. */
const socketIn = (stateDir: string): string => join(stateDir, 'control.sock');

/**
 * Answers the commands of this host (`causeway-executor status`, `drain`): one line in, one JSON object out. It lies in the
 * state folder that the caller holds, so whatever socket is there is a dead predecessor's.
 */
export async function openControl(stateDir: string, control: Control): Promise<() => Promise<void>> {
  const path = socketIn(stateDir);
  await rm(path, { force: true });
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    let asked = '';
    connection.setEncoding('utf8');
    connection.on('error', () => connection.destroy());
    connection.on('data', (chunk: string) => {
      asked += chunk;
      if (asked.length > COMMAND_CHARS_MAX) connection.destroy();
      if (!asked.includes('\n')) return;
      const command = asked.trim();
      if (command === 'drain') control.drain();
      const isKnown = command === 'drain' || command === 'status';
      connection.end(JSON.stringify(isKnown ? control.status() : { error: 'unknown command' }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  await chmod(path, 0o600);
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      // A client that stays connected and says nothing must not delay our end.
      for (const connection of connections) connection.destroy();
    });
}

/** Asks the daemon with this state folder; null where none runs. */
export async function askDaemon(stateDir: string, command: 'status' | 'drain'): Promise<DaemonStatus | null> {
  const connection = createConnection(socketIn(stateDir));
  connection.setTimeout(ANSWER_TIMEOUT_MS, () => connection.destroy(new Error('no answer')));
  connection.write(`${command}\n`);
  const answer = await text(connection).catch(() => '');
  const status = statusSchema.safeParse(parseJson(answer));
  return status.success ? status.data : null;
}
