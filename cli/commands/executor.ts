import type { Command } from 'commander';
import { registerHost } from '../../executor/host/commands.ts';
import { ID_PREFIXES, parseId } from '../../protocol/ids.ts';
import { describeLabels } from '../../protocol/labels.ts';
import type { ExecutorRow } from '../database/fleet-operator.ts';
import { asOperator } from '../database/operator.ts';
import { DEFAULT_POOL, mintJoinToken } from '../identity/mint-join-token.ts';
import { tellFleet } from '../identity/tell-fleet.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { formatTable, printJson, printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { registerBundle } from './executor-bundle.ts';
import { registerCloudInit } from './executor-cloud-init.ts';
import { registerFleet, registerPools } from './executor-fleet.ts';
import {
  type PublicUrlOptions,
  publicUrlIfKnown,
  WITHIN_A_MINUTE,
  withPublicUrl,
} from './public-url-option.ts';

/** Events that `executor history` shows. */
const EVENTS_SHOWN_MAX = 500;

export function registerExecutor(program: Command): void {
  const executor = program
    .command('executor')
    .summary('executors, the hosts that run models: join-token, join, list, drain, revoke, pool, place, ...')
    .description(
      'Executors dial the Worker; each joins once with a token made here. join, status, logs, self-test, rotate-key, and drain without an id are about the very host that they are called on.',
    )
    .helpCommand(false);

  withDatabase(executor.command('join-token'))
    .summary('make a one-time token with which an executor joins')
    .description('Prints a token that registers one executor, once, within an hour.')
    .option(
      '--pool <pool>',
      'the pool that it joins: an id, or the name of one of the platform',
      DEFAULT_POOL,
    )
    .addHelpText(
      'after',
      `
Example:
  $ ./causeway executor join-token > join-token
  and on the host: causeway-executor join --url https://causeway.example.com --token-file join-token`,
    )
    .action(joinToken);

  withDatabase(executor.command('list'))
    .summary('every executor and when it last connected')
    .addHelpText('after', '\nExample:\n  $ ./causeway executor list --json')
    .action(list);

  registerFleet(executor);
  registerHost(executor, './causeway executor');
  registerBundle(executor);
  registerCloudInit(executor);
  registerPools(executor);

  withDatabase(withPublicUrl(executor.command('revoke')))
    .summary('cut an executor off: its key is dead, and what it runs is given to others')
    .argument('<executor>', `its id (${ID_PREFIXES.executor}_...)`)
    .addHelpText('after', '\nExample:\n  $ ./causeway executor revoke exe_01jd...')
    .action(revoke);

  withDatabase(executor.command('history'))
    .summary('who was let in, joined, refused its image and was revoked, and when')
    .description(
      'The record of the platform, newest first. Nobody can change it, the owner of the database neither.',
    )
    .addHelpText('after', '\nExample:\n  $ ./causeway executor history --json')
    .action(history);
}

async function joinToken(options: DatabaseOptions & { readonly pool: string }): Promise<void> {
  const token = await mintJoinToken(await ownerUrlOf(options), options.pool);
  if (options.json) {
    printJson({ joinToken: token });
    return;
  }
  printResult(token);
  printNote(
    '  It works once, within an hour. On the host: causeway-executor join --url URL --token-file FILE',
  );
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
    stateOf(row),
    describeLabels(row.offer?.labels ?? {}),
    row.last_connected_at?.toISOString() ?? 'never',
  ]);
  printResult(formatTable(['executor', 'name', 'pool', 'state', 'labels', 'last connected'], rows));
}

function stateOf(row: ExecutorRow): string {
  if (row.revoked_at !== null) return 'revoked';
  if (row.offer === null) return 'registered';
  const connected = row.disconnected_at === null ? 'connected' : 'away';
  return row.cordoned_at === null ? connected : `${connected}, cordoned`;
}

async function revoke(id: string, options: DatabaseOptions & PublicUrlOptions): Promise<void> {
  const executor = parseId('executor', id);
  const ownerUrl = await ownerUrlOf(options);
  const pool = executor && (await asOperator(ownerUrl, (operator) => operator.revokeExecutor(executor)));
  if (pool === null) {
    throw new Failure({
      what: `No executor ${id} was revoked.`,
      why: 'there is none with this id, or it was revoked before',
      remedy: './causeway executor list shows the ids',
    });
  }
  const status = await tellFleet(ownerUrl, publicUrlIfKnown(options), pool);
  if (options.json) printJson({ revoked: executor, cutOff: status !== null });
  else
    printNote(
      `Revoked ${executor}; ${status === null ? WITHIN_A_MINUTE : 'it is cut off, and its runs are with others.'}`,
    );
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
