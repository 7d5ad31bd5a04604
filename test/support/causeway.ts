import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import type { TestStack } from './stack.ts';

/** What a command printed, and what it ended with. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const COMMAND = ['--disable-warning=ExperimentalWarning', join(ROOT_DIR, 'cli/main.ts')];

/** Runs `./causeway ...` with an environment of its own, to its end; `hears` gets what it says on stderr meanwhile. */
export function causeway(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  hears: (text: string) => void = () => {},
): Promise<Said> {
  const running = promisify(execFile)(process.execPath, [...COMMAND, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
    maxBuffer: 64 * 2 ** 20,
  });
  running.child.stderr?.on('data', hears);
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Said) => ({ code, stdout, stderr }),
  );
}

/** The same as the operator of a stack calls it, who holds its database and its passphrase. */
export function asOperatorOf(stack: TestStack, ...args: readonly string[]): Promise<Said> {
  return causeway(args, environmentOf(stack));
}

/** By what the operator of a stack names its database, and opens its keys. */
export const environmentOf = ({ ownerUrl, secrets }: TestStack): NodeJS.ProcessEnv => ({
  DATABASE_OWNER_URL: ownerUrl,
  KEY_PASSPHRASE: secrets.keyPassphrase,
});
