import type { Command } from 'commander';
import { mintJoinToken } from '../identity/mint-join-token.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface JoinOptions extends StateOptions, JsonOptions {
  readonly databaseUrl?: string;
}

export function registerExecutor(program: Command): void {
  const executor = program
    .command('executor')
    .summary('executors: the hosts that run models')
    .description('Executors dial the Worker; each joins once with a token made here.')
    .helpCommand(false);

  executor
    .command('join-token')
    .summary('make a one-time token with which an executor joins')
    .description('Prints a token that registers one executor, once, soon.')
    .option('--database-url <url>', 'another database, as causeway_owner (also: environment DATABASE_OWNER_URL)')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  $ ./causeway executor join-token > join-token
  $ node executor/main.ts --url https://causeway.example.com --state /var/lib/causeway --cache /var/cache/causeway \\
      --slots 4 --join-token-file join-token`,
    )
    .action(joinToken);
}

async function joinToken(options: JoinOptions): Promise<void> {
  const token = await mintJoinToken(await ownerUrlOf(options));
  if (options.json) {
    printJson({ joinToken: token });
    return;
  }
  printResult(token);
  printNote('  It works once. Give it to an executor with --join-token-file.');
}
