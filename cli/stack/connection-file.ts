import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writePrivateFile } from './secrets.ts';
import type { StatePaths } from './state-paths.ts';

/** What a client needs to reach the stack that `up` started; the file is there while that stack runs and stays after it. */
export const connectionSchema = z.object({
  mcpUrl: z.string(),
  consoleUrl: z.string(),
  issuer: z.string(),
  email: z.string(),
  /** Null where the development owner has no password. */
  password: z.string().nullable(),
  apiToken: z.string(),
  /** Process ids by part; empty when nothing runs. */
  pids: z.record(z.string(), z.number().int()),
});
export type Connection = z.infer<typeof connectionSchema>;

export function writeConnection(paths: StatePaths, connection: Connection): void {
  writePrivateFile(paths.connectionFile, `${JSON.stringify(connection, null, 2)}\n`);
}

/** The connection of the last `up` in this folder, or null where there was none. */
export function readConnection(paths: StatePaths): Connection | null {
  try {
    return connectionSchema.parse(JSON.parse(readFileSync(paths.connectionFile, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
