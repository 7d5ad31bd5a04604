import { existsSync } from 'node:fs';
import { createBoard } from '../terminal/board.ts';
import { printNote } from '../terminal/print.ts';
import { type Connection, readConnection } from './connection-file.ts';
import { runUntilEnded } from './run-until-ended.ts';
import { startStack } from './start-stack.ts';
import { askHolder } from './state-lock.ts';
import { statePaths } from './state-paths.ts';

const SLOTS = 2;

/**
 * Does `work` against the stack that runs in this state folder, or against one that is started for it and ended after
 * it. Ctrl-C ends both.
 */
export async function withStack(
  {
    state,
    port,
    edge = 'none',
  }: { readonly state: string; readonly port: number; readonly edge?: 'cloudflare' | 'none' },
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const paths = statePaths(state);
  const holder = existsSync(paths.root) ? await askHolder(paths.root) : null;
  const running = holder === null ? null : readConnection(paths);
  if (holder !== null && running !== null) {
    printNote(`Using the stack at ${holder.publicUrl}.\n`);
    await work(running);
    return;
  }
  const board = createBoard();
  const options = { paths, port, publicUrl: `http://127.0.0.1:${port}`, slots: SLOTS, edge };
  await runUntilEnded(
    board,
    (signal) => startStack({ ...options, engine: 'workerd', durable: true }, board, signal),
    { work: ({ connection }) => work(connection) },
  );
}
