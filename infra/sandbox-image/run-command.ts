import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Set where the program could not be started at all, or was ended by its time limit. */
  readonly failure?: 'not_found' | 'timeout' | 'cancelled';
}

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly cwd?: string;
  /** The whole environment of the child; the caller's own where absent. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

const LAST_LINES_MAX = 6;

/** Runs a program to its end and returns what it said. Never throws for what the program did. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { ...(options.env ?? process.env), LC_ALL: 'C.UTF-8' },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let failure: CommandResult['failure'];
  const end = (why: NonNullable<CommandResult['failure']>) => {
    failure ??= why;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => end('timeout'), options.timeoutMs);
  const onAbort = () => end('cancelled');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();

  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') failure = 'not_found';
    else stderr.push(Buffer.from(error.message));
  });
  child.on('close', (exitCode) => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    resolve({
      exitCode,
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
      ...(failure && { failure }),
    });
  });
  return promise;
}

export const succeeded = (result: CommandResult): boolean => result.exitCode === 0 && !result.failure;

/** The last lines of what a failed program said, for a message to a person. */
export function lastWords(result: CommandResult): string {
  if (result.failure) return result.failure.replace('_', ' ');
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n');
  return said.slice(-LAST_LINES_MAX).join('\n') || `exit code ${result.exitCode}`;
}
