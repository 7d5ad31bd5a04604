import { stripVTControlCharacters, styleText } from 'node:util';
import type { Command } from 'commander';
import { ProvisionProblem } from '../../infra/sandbox-image/problem.ts';
import { snakeCaseJson } from '../../protocol/snake-case-json.ts';
import { say } from '../log.ts';
import { HostProblem } from './host-problem.ts';

/** A command's action whose expected failures are told in three parts and end with exit code 1. */
export function hostAction<Options>(
  perform: (options: Options, command: Command) => Promise<void>,
): (options: Options, command: Command) => Promise<void> {
  return async (options, command) => {
    try {
      await perform(options, command);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem === null) throw thrown;
      const { message, why, remedy } = problem;
      const isJson = (options as { json?: true }).json === true;
      if (isJson) process.stdout.write(`${snakeCaseJson({ ok: false, what: message, why, remedy })}\n`);
      say(problemText(problem));
      process.exitCode = 1;
    }
  };
}

function problemOf(thrown: unknown): HostProblem | null {
  if (thrown instanceof HostProblem) return thrown;
  if (!(thrown instanceof ProvisionProblem)) return null;
  const { message, remedy } = thrown;
  return new HostProblem({
    what: 'gVisor or the sandbox image could not be provided.',
    why: message,
    remedy,
  });
}

/** What others said cannot steer the terminal. */
function problemText({ message, why, remedy }: HostProblem): string {
  const mark = styleText('red', '✗', { stream: process.stderr });
  return `\n${mark} ${plain(message)}\n  why  ${indent(why)}\n  do   ${indent(remedy)}`;
}

const plain = (text: string): string => stripVTControlCharacters(text);
const indent = (text: string): string => plain(text).replaceAll('\n', '\n       ');
