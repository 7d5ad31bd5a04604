import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { askHolder } from '../stack/state-lock.ts';
import { CACHE_DIR, DEFAULT_STATE_DIR, ROOT_DIR } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printResult } from '../terminal/print.ts';
import { type StateOptions, stateOption } from './state-option.ts';

export function registerClean(program: Command): void {
  program
    .command('clean')
    .summary('remove a stack and what it keeps')
    .description(
      'Removes a state folder: its database, blobs, logs and secrets. The default folder also holds the downloads that every stack shares; --keep-cache leaves those.',
    )
    .option('--keep-cache', 'keep downloads, gVisor and sandbox images')
    .addOption(stateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway clean --keep-cache\n  $ ./causeway clean --state /tmp/second',
    )
    .action(clean);
}

async function clean({
  state,
  keepCache = false,
}: StateOptions & { readonly keepCache?: boolean }): Promise<void> {
  if (!existsSync(state)) {
    printResult(`There is nothing at ${state}.`);
    return;
  }
  if (state !== DEFAULT_STATE_DIR && !existsSync(join(state, 'state-version'))) {
    throw new Failure({
      what: `${state} was not removed.`,
      why: 'it is no state folder of Causeway: it has no file state-version',
      remedy: 'name the folder that was given to ./causeway up --state',
    });
  }
  const holder = await askHolder(state);
  if (holder) {
    throw new Failure({
      what: `${state} was not removed.`,
      why: `process ${holder.pid} runs a stack in it`,
      remedy: `end that one first (Ctrl-C there, or kill ${holder.pid})`,
    });
  }
  for (const target of removalTargets(state, keepCache)) rmSync(target, { recursive: true, force: true });
  printResult(`Removed ${state}${keepCache && state === DEFAULT_STATE_DIR ? ', but its cache' : ''}.`);
}

function removalTargets(state: string, keepCache: boolean): string[] {
  const isCacheInside = dirname(CACHE_DIR) === state;
  const targets =
    keepCache && isCacheInside
      ? readdirSync(state)
          .map((name) => join(state, name))
          .filter((path) => path !== CACHE_DIR)
      : [state];
  return state === DEFAULT_STATE_DIR ? [...targets, join(ROOT_DIR, '.wrangler')] : targets;
}
