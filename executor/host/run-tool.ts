import { lastWords, runCommand, succeeded } from '../../infra/sandbox-image/run-command.ts';
import { HostProblem } from './host-problem.ts';

const TIMEOUT_MS = 60_000;

/** Runs a program of the system to its end; what it printed. */
export async function runTool(
  program: string,
  args: readonly string[],
  timeoutMs: number = TIMEOUT_MS,
): Promise<string> {
  const result = await runCommand(program, args, {
    timeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (succeeded(result)) return result.stdout;
  throw new HostProblem({
    what: `\`${[program, ...args].join(' ')}\` failed.`,
    why: lastWords(result),
    remedy: 'mend that and start the same command again: it goes on where it ended',
  });
}
