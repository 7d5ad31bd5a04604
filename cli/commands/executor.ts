import type { Command } from 'commander';
import { ID_PREFIXES, parseId } from '../../protocol/ids.ts';
import { asOperator } from '../database/operator.ts';
import { DEFAULT_POOL, mintJoinToken } from '../identity/mint-join-token.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { formatTable, printJson, printNote, printResult } from '../terminal/print.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

/** Events that `executor history` shows. */
const EVENTS_SHOWN_MAX = 500;

interface DatabaseOptions extends StateOptions, JsonOptions {
  readonly databaseUrl?: string;
}

export function registerExecutor(program: Command): void {
  const executor = program
    .command('executor')
    .summary('executors, the hosts that run models: join-token, list, revoke, history')
    .description('Executors dial the Worker; each joins once with a token made here.')
    .helpCommand(false);

  withDatabase(executor.command('join-token'))
    .summary('make a one-time token with which an executor joins')
    .description('Prints a token that registers one executor, once, within an hour.')
    .option('--pool <name>', 'the pool that it joins', DEFAULT_POOL)
    .addHelpText(
      'after',
      `
Example:
  $ ./causeway executor join-token > join-token
  $ node executor/main.ts --url https://causeway.example.com --state /var/lib/causeway --cache /var/cache/causeway \\
      --slots 4 --join-token-file join-token`,
    )
    .action(joinToken);

  withDatabase(executor.command('list'))
    .summary('every executor and when it last connected')
    .addHelpText('after', '\nExample:\n  $ ./causeway executor list --json')
    .action(list);

  withDatabase(executor.command('revoke'))
    .summary('give an executor no further run')
    .argument('<executor>', `its id (${ID_PREFIXES.executor}_...)`)
    .addHelpText('after', '\nExample:\n  $ ./causeway executor revoke exe_01jd...')
    .action(revoke);

  withDatabase(executor.command('history'))
    .summary('who was let in, joined and was revoked, and when')
    .description(
      'The record of the platform, newest first. Nobody can change it, the owner of the database neither.',
    )
    .addHelpText('after', '\nExample:\n  $ ./causeway executor history --json')
    .action(history);
}

function withDatabase(command: Command): Command {
  return command
    .option(
      '--database-url <url>',
      'another database, as causeway_owner (also: environment DATABASE_OWNER_URL)',
    )
    .addOption(stateOption())
    .addOption(jsonOption());
}

async function joinToken(options: DatabaseOptions & { readonly pool: string }): Promise<void> {
  const token = await mintJoinToken(await ownerUrlOf(options), options.pool);
  if (options.json) {
    printJson({ joinToken: token });
    return;
  }
  printResult(token);
  printNote('  It works once, within an hour. Give it to an executor with --join-token-file.');
}

async function list(options: DatabaseOptions): Promise<void> {
  const executors = await asOperator(await ownerUrlOf(options), (operator) => operator.listExecutors());
  if (options.json) {
    printJson(executors);
    return;
  }
  const rows = executors.map((row) => [
    row.executor_id,
    row.name,
    row.pool,
    row.revoked_at ? 'revoked' : 'registered',
    row.last_connected_at?.toISOString() ?? 'never',
  ]);
  printResult(formatTable(['executor', 'name', 'pool', 'state', 'last connected'], rows));
}

async function revoke(id: string, options: DatabaseOptions): Promise<void> {
  const executor = parseId('executor', id);
  const isRevoked =
    executor !== null &&
    (await asOperator(await ownerUrlOf(options), (operator) => operator.revokeExecutor(executor)));
  if (!isRevoked) {
    throw new Failure({
      what: `No executor ${id} was revoked.`,
      why: 'there is none with this id, or it was revoked before',
      remedy: './causeway executor list shows the ids',
    });
  }
  if (options.json) printJson({ revoked: executor });
  else printNote(`Revoked ${executor}; it gets no further run.`);
}

async function history(options: DatabaseOptions): Promise<void> {
  const events = await asOperator(await ownerUrlOf(options), (operator) =>
    operator.listPlatformEvents(EVENTS_SHOWN_MAX),
  );
  if (options.json) {
    printJson(events);
    return;
  }
  const rows = events.map((event) => [
    event.occurred_at.toISOString(),
    event.action,
    event.target_id ?? '',
    event.address ?? 'this shell',
    Object.entries(event.details)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]);
  printResult(formatTable(['time', 'what', 'target', 'from', 'details'], rows));
}
