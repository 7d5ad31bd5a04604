import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Failure } from '../terminal/failure.ts';
import type { Guardian } from './guardian.ts';
import { tailOf, withLogFile } from './part.ts';
import { endGroup } from './process-group.ts';

export interface ProcessOptions {
  /** As it is called in messages. */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  readonly guardian: Guardian;
  /** Aborted only while the stack starts: then the process is ended at once. */
  readonly signal: AbortSignal;
  /** Present for a daemon of ours; absent for programs that know nothing of us. */
  readonly daemon?: { readonly readyTimeoutMs: number };
}

export interface ProcessHandle {
  readonly pid: number;
  readonly ended: Promise<string>;
  /** The object behind `READY` of a daemon; null for other programs. */
  readonly ready: unknown;
  /** SIGTERM to its process group, SIGKILL to what is left after a while; resolves when the group is empty. */
  stop(): Promise<void>;
}

/**
 * Starts a program in a session and process group of its own, logging to a file. A daemon of ours holds a pipe as
 * standard input, whose end tells it that the launcher is gone, and says `READY {json}` once on stdout.
 */
export async function startProcess(options: ProcessOptions): Promise<ProcessHandle> {
  const { daemon, logFile, guardian } = options;
  const child = withLogFile(logFile, (log) =>
    spawn(options.command, [...options.args], {
      detached: true,
      cwd: options.cwd,
      env: { ...options.env },
      stdio: daemon ? ['pipe', 'pipe', log] : ['ignore', log, log],
    }),
  );
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`));
  });
  const { pid } = child;
  if (pid === undefined) throw new Failure({ ...couldNotStart(options), why: await ended });
  guardian.watch(pid);
  const stop = async (): Promise<void> => {
    await endGroup(pid);
    guardian.forget(pid);
  };
  child.stdin?.on('error', () => {});
  const giveUp = (): void => void stop();
  options.signal.addEventListener('abort', giveUp, { once: true });
  try {
    const ready = daemon ? await untilReady(child, ended, options, daemon.readyTimeoutMs) : null;
    return { pid, ended, ready, stop };
  } catch (thrown) {
    await stop();
    options.signal.throwIfAborted();
    throw thrown;
  }
}

function untilReady(
  child: ChildProcess,
  ended: Promise<string>,
  options: ProcessOptions,
  timeoutMs: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void => {
      clearTimeout(timer);
      reject(new Failure({ ...couldNotStart(options), why, evidence: tailOf(options.logFile, 8) }));
    };
    const timer = setTimeout(() => refuse(`it was not ready after ${timeoutMs / 1000} s`), timeoutMs);
    if (!child.stdout) throw new Error('a daemon has a piped stdout');
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('READY ')) {
        clearTimeout(timer);
        resolve(JSON.parse(line.slice('READY '.length)));
      } else {
        appendFileSync(options.logFile, `${line}\n`);
      }
    });
    void ended.then((how) => refuse(`it ended at once (${how})`));
  });
}

function couldNotStart(options: ProcessOptions): { what: string; remedy: string } {
  return {
    what: `${options.title} did not start.`,
    remedy: `its log is ${options.logFile}; after a repair start again`,
  };
}
