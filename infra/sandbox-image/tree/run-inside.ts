import { recipe } from '../recipe.ts';
import { type CommandResult, runCommand } from '../run-command.ts';

/**
 * Runs the image's own Python with `root` as its root and without a network. This is how the recipe works on its own
 * packages; it is not the isolation that models run in.
 */
export function runInside(
  root: string,
  args: readonly string[],
  options: { timeoutMs: number; env?: Readonly<Record<string, string>>; signal?: AbortSignal | undefined },
): Promise<CommandResult> {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return runCommand('unshare', [...asRoot, '--net', 'chroot', root, recipe.paths.python, ...args], {
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    env: {
      ...recipe.environment,
      PATH: '/usr/bin:/usr/sbin:/bin:/sbin',
      PYTHONHASHSEED: '0',
      SOURCE_DATE_EPOCH: String(recipe.sourceDateEpoch),
      ...options.env,
    },
  });
}
