import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ProvisionProblem } from '../problem.ts';
import { recipe } from '../recipe.ts';
import { lastWords, succeeded } from '../run-command.ts';
import { runInside } from './run-inside.ts';

/**
 * Lets matplotlib list its fonts once, here: the first plot of a run would spend a second on it. `sitecustomize.py` links
 * the list into the run's own /tmp, because matplotlib does not read a cache that it could not write.
 */
export async function prepareFonts(root: string, signal?: AbortSignal): Promise<void> {
  const cache = path.join(root, recipe.paths.fontCache);
  await mkdir(cache, { recursive: true });
  const result = await runInside(root, ['-B', '-c', 'import matplotlib.font_manager'], {
    timeoutMs: 120_000,
    env: { MPLCONFIGDIR: recipe.paths.fontCache },
    signal,
  });
  const files = await readdir(cache);
  if (!succeeded(result) || !files.some((name) => name.startsWith('fontlist-'))) {
    throw new ProvisionProblem(
      'build_step_failed',
      `matplotlib could not list its fonts inside the image:\n${lastWords(result)}`,
      'Look at the recipe: a package that matplotlib needs is missing or was stripped.',
    );
  }
  for (const name of files) {
    if (!/^fontlist-.*\.json$/.test(name)) await rm(path.join(cache, name), { recursive: true });
  }
}
