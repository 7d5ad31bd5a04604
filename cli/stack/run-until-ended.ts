import { constants } from 'node:os';
import type { Board } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printNote, styled } from '../terminal/print.ts';
import { tailOf } from './part.ts';
import type { Stack } from './start-stack.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a stack in the foreground until a signal ends it or a part breaks, and ends all parts. A signal during the start
 * ends what was started, with a shell's exit code of that signal. A second signal changes nothing: what is owned is released, which takes seconds at most.
 *
 * @throws Failure that names the part which ended by itself, with its last log lines
 */
export async function runUntilEnded(board: Board, start: (signal: AbortSignal) => Promise<Stack>): Promise<void> {
  const starting = new AbortController();
  let ending = false;
  let stack: Stack | undefined;
  const { promise: signalled, resolve: onSignal } = Promise.withResolvers<NodeJS.Signals>();
  const listen = (signal: NodeJS.Signals): void => {
    if (ending) return;
    ending = true;
    board.clear();
    printNote(styled('dim', '\n  ending all parts'));
    if (stack === undefined) starting.abort();
    onSignal(signal);
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  try {
    try {
      stack = await start(starting.signal);
    } catch (thrown) {
      if (!starting.signal.aborted) throw thrown;
      process.exitCode = 128 + constants.signals[await signalled];
      return;
    }
    const end = await Promise.race([signalled, stack.broken]);
    const evidence = typeof end === 'string' ? [] : tailOf(end.part.logFile, 12);
    await stack.stop();
    if (typeof end === 'string') return;
    throw new Failure({
      what: `${end.part.name} ended by itself, so all parts were ended.`,
      why: `${end.how}; its last lines are above, all of them in ${end.part.logFile}`,
      remedy: 'start again; if it happens twice, what its log says is the way on',
      evidence,
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, listen);
  }
}
