import { performance } from 'node:perf_hooks';
import { maskSecrets } from '../../protocol/mask-secrets.ts';
import { formatDuration, styled } from './print.ts';

/** A step may say what it is doing at the moment, and finish with a short remark for its line. */
export type StepWork<Result> = (say: (doing: string) => void) => Promise<Result>;

export interface StepTiming {
  readonly name: string;
  /** Milliseconds after the board was made. */
  readonly startedMs: number;
  readonly tookMs: number;
}

export interface Board {
  /** Runs `work` as a named step, and prints one line with its time when it has ended. Steps may run side by side. */
  step<Result>(name: string, work: StepWork<Result>, remark?: (result: Result) => string): Promise<Result>;
  /** Prints a line between those of the steps. */
  note(line: string): void;
  readonly timings: readonly StepTiming[];
  elapsedMs(): number;
  /** Shows nothing any more: what ends from now on was told to. */
  close(): void;
}

const TICK_MS = 120;
const QUIET_MS = 5_000;

/**
 * Shows steps as they run. On a terminal one line at the bottom says what is under way; elsewhere a line is printed
 * when a long step says something new, at most every 5 s, so that a log of CI stays readable.
 */
export function createBoard(stream: NodeJS.WriteStream = process.stderr): Board {
  const origin = performance.now();
  const running = new Map<string, { doing: string; since: number; saidAt: number }>();
  const timings: StepTiming[] = [];
  const failures = new WeakSet<Error>();
  let ticker: NodeJS.Timeout | undefined;
  let drawn = false;
  let isClosed = false;

  const clear = (): void => {
    if (drawn) stream.write('\r\u001b[2K');
    drawn = false;
  };
  const draw = (): void => {
    clear();
    const parts = [...running].map(
      ([name, { doing, since }]) =>
        `${name} ${Math.round((performance.now() - since) / 1000)} s${doing ? ` (${doing})` : ''}`,
    );
    if (parts.length === 0) return;
    stream.write(
      styled('dim', maskSecrets(`  … ${parts.join(' · ')}`).slice(0, (stream.columns ?? 80) - 1), stream),
    );
    drawn = true;
  };
  const print = (line: string): void => {
    if (isClosed) return;
    clear();
    stream.write(`${maskSecrets(line)}\n`);
  };

  return {
    timings,
    close() {
      clearInterval(ticker);
      clear();
      isClosed = true;
    },
    note: (line) => print(`  ${line}`),
    elapsedMs: () => performance.now() - origin,
    async step(name, work, remark) {
      const since = performance.now();
      const state = { doing: '', since, saidAt: since };
      running.set(name, state);
      if (stream.isTTY) {
        ticker ??= setInterval(draw, TICK_MS).unref();
      }
      const say = (doing: string): void => {
        state.doing = doing;
        if (stream.isTTY || performance.now() - state.saidAt < QUIET_MS) return;
        state.saidAt = performance.now();
        print(`  … ${name.padEnd(14)} ${formatDuration(performance.now() - since).padStart(8)}  ${doing}`);
      };
      const end = (mark: string, text: string): void => {
        running.delete(name);
        const tookMs = performance.now() - since;
        timings.push({ name, startedMs: since - origin, tookMs });
        print(`  ${mark} ${name.padEnd(14)} ${formatDuration(tookMs).padStart(8)}  ${text}`.trimEnd());
        if (running.size > 0 || ticker === undefined) return;
        clearInterval(ticker);
        ticker = undefined;
      };
      try {
        const result = await work(say);
        end(styled('green', '✓', stream), remark ? styled('dim', remark(result), stream) : '');
        return result;
      } catch (thrown) {
        // What another step failed of, or gave up for, is not this step's failure.
        const isOwn = thrown instanceof Error && thrown.name !== 'AbortError' && !failures.has(thrown);
        if (isOwn) failures.add(thrown);
        end(isOwn ? styled('red', '✗', stream) : styled('dim', '-', stream), isOwn ? '' : 'not started');
        throw thrown;
      }
    },
  };
}
