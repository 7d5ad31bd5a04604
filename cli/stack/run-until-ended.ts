import { constants } from 'node:os';
import type { Board } from '../terminal/board.ts';
import { Failure } from '../terminal/failure.ts';
import { printNote, styled } from '../terminal/print.ts';
import { type Part, tailOf } from './part.ts';
import type { Stack } from './start-stack.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a stack in the foreground and ends all parts when a signal comes, a part breaks, or `work` is done. Without
 * `work` a signal is the ordinary end; one that cuts the start or `work` short gives a shell's exit code of that
 * signal. A second signal changes nothing: releasing what is owned takes seconds at most. When `restart` resolves all
 * parts are ended as well; returns true where that is why they ended.
 *
 * @throws Failure that names the part which ended by itself, with its last log lines
 */
export async function runUntilEnded(
  board: Board,
  start: (signal: AbortSignal) => Promise<Stack>,
  {
    work,
    restart,
  }: { readonly work?: (stack: Stack) => Promise<void>; readonly restart?: Promise<void> } = {},
): Promise<boolean> {
  const { promise: signalled, resolve: onSignal } = Promise.withResolvers<NodeJS.Signals>();
  let isSignalled = false;
  let isRestart = false;
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const starting = new AbortController();
  let stack: Stack | undefined;
  void signalled.then(() => {
    isSignalled = true;
    board.close();
    printNote(styled('dim', '\n  ending all parts'));
    if (stack === undefined) starting.abort();
  });
  try {
    stack = await start(starting.signal);
    const broken = stack.broken.then(({ part, how }) => Promise.reject(brokenPart(part, how)));
    const restarted = restart?.then(() => {
      isRestart = true;
    });
    const end = await Promise.race([
      signalled,
      broken,
      ...(work ? [work(stack)] : []),
      ...(restarted ? [restarted] : []),
    ]);
    if (end !== undefined && work) process.exitCode = shellCode(end);
  } catch (thrown) {
    if (!starting.signal.aborted) throw thrown;
    process.exitCode = shellCode(await signalled);
  } finally {
    await stack?.stop();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
  return isRestart && !isSignalled;
}

function shellCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

function brokenPart(part: Part, how: string): Failure {
  const evidence = tailOf(part.logFile, 12);
  return new Failure({
    what: `${part.name} ended by itself, so all parts were ended.`,
    why:
      evidence.length === 0
        ? `${how}, and wrote nothing to ${part.logFile}`
        : `${how}; its last lines are above, all of them in ${part.logFile}`,
    remedy: 'start again; if it happens twice, what its log says is the way on',
    evidence,
  });
}
