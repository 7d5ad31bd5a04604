import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { withHostDrain } from '../../executor/host/commands.ts';
import { type DrainOptions, drainHost } from '../../executor/host/drain-host.ts';
import { hostAction } from '../../executor/host/host-action.ts';
import { type ExecutorId, ID_PREFIXES, newId, parseId, type TenantId } from '../../protocol/ids.ts';
import { type Labels, parseLabel } from '../../protocol/labels.ts';
import { asOperator } from '../database/operator.ts';
import { type PoolStatus, tellFleet } from '../identity/tell-fleet.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { formatTable, printJson, printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { nameArgument } from './name-option.ts';
import {
  type PublicUrlOptions,
  publicUrlIfKnown,
  WITHIN_A_MINUTE,
  withPublicUrl,
} from './public-url-option.ts';

const LOOK_MS = 1_000;

type FleetOptions = DatabaseOptions & PublicUrlOptions;

/** What is done with executors that have joined. */
export function registerFleet(executor: Command): void {
  const ofExecutor = (name: string) =>
    withDatabase(withPublicUrl(executor.command(name))).argument(
      '<executor>',
      `its id (${ID_PREFIXES.executor}_...)`,
    );
  ofExecutor('cordon')
    .summary('give an executor no new runs; what it runs goes on')
    .addHelpText('after', '\nExample:\n  $ ./causeway executor cordon exe_01jd...')
    .action((id: string, options: FleetOptions) => cordon(id, true, options));
  ofExecutor('uncordon')
    .summary('let an executor have new runs again')
    .addHelpText('after', '\nExample:\n  $ ./causeway executor uncordon exe_01jd...')
    .action((id: string, options: FleetOptions) => cordon(id, false, options));
  withHostDrain(withDatabase(withPublicUrl(executor.command('drain'))))
    .argument('[executor]', `its id (${ID_PREFIXES.executor}_...); without one: that of this very host`)
    .addOption(new Option('--prefix <dir>', 'where that is installed').default('/').hideHelp())
    .summary('let an executor finish its runs and give it no new ones, so that its host can be updated')
    .description(
      'With an id it is cordoned, over its restarts too, until ./causeway executor uncordon, and this returns when it runs nothing. Without one, the executor of this host finishes its runs and ends until it is started again.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ ./causeway executor drain exe_01jd... && ssh host systemctl restart causeway-executor
  $ ./causeway executor drain --wait`,
    )
    .action((id: string | undefined, options: FleetOptions & DrainOptions, command: Command) =>
      id === undefined ? hostAction(drainHost)(options, command) : drain(id, options),
    );
}

/** Pools, and where the runs of a tenant go. */
export function registerPools(executor: Command): void {
  const pool = executor
    .command('pool')
    .summary('pools, the groups of executors that share a queue: create, list')
    .helpCommand(false);
  withDatabase(pool.command('create'))
    .summary('make a pool, of the platform or of one tenant')
    .argument('<name>', 'what it is called', nameArgument)
    .option('--tenant <id>', 'whose runs alone it takes', tenantId)
    .addHelpText(
      'after',
      "\nExample:\n  $ ./causeway executor pool create 'Acme, Frankfurt' --tenant ten_01jd...",
    )
    .action(createPool);
  withDatabase(pool.command('list'))
    .summary('every pool, whose it is, and what waits there')
    .addHelpText('after', '\nExample:\n  $ ./causeway executor pool list')
    .action(listPools);
  withDatabase(executor.command('place'))
    .summary('say where the runs of a tenant go, or of one of its projects')
    .description(
      'Labels and a pool given here hold for every run: a project may add to what its tenant says and a run to both, and neither overrides. With --own-hosts-only on, nothing of the tenant goes to an executor of the platform.',
    )
    .argument('<tenant>', `its id (${ID_PREFIXES.tenant}_...)`, tenantId)
    .option('--project <id>', `one of its projects (${ID_PREFIXES.project}_...) instead of all`)
    .option('--pool <id>', `the pool (${ID_PREFIXES.pool}_...)`)
    .option('--label <name=value>', 'what executors must have; repeatable', addLabel)
    .option('--anywhere', 'neither a pool nor labels')
    .option('--own-hosts-only <on|off>', 'whether the platform is closed to it', onOrOff)
    .addHelpText(
      'after',
      '\nExample:\n  $ ./causeway executor place ten_01jd... --label region=eu --own-hosts-only on',
    )
    .action(place);
}

async function cordon(id: string, cordoned: boolean, options: FleetOptions): Promise<void> {
  const executor = requireExecutor(id);
  const status = await setCordon(executor, cordoned, options);
  if (options.json) return printJson({ executor, cordoned, told: status !== null });
  const what = cordoned ? 'gets no new runs' : 'gets new runs again';
  printNote(`${executor} ${what}${status === null ? `; ${WITHIN_A_MINUTE}` : ''}.`);
}

async function drain(id: string, options: FleetOptions): Promise<void> {
  const executor = requireExecutor(id);
  for (;;) {
    const status = await setCordon(executor, true, options);
    if (status === null) {
      throw new Failure({
        what: `${executor} is cordoned, and nobody can say when it runs nothing.`,
        why: 'the Worker was not reached',
        remedy: 'name the deployment: --public-url https://causeway.example.com',
      });
    }
    const held = status.executors.find((each) => each.executor === executor)?.held ?? 0;
    if (held === 0) break;
    printNote(`${executor} still runs ${held}.`);
    await delay(LOOK_MS);
  }
  if (options.json) printJson({ executor, drained: true });
  else printNote(`${executor} runs nothing and gets nothing. ./causeway executor uncordon ends that.`);
}

async function setCordon(
  executor: ExecutorId,
  cordoned: boolean,
  options: FleetOptions,
): Promise<PoolStatus | null> {
  const ownerUrl = await ownerUrlOf(options);
  const pool = await asOperator(ownerUrl, (operator) => operator.cordonExecutor(executor, cordoned));
  if (pool === null) throw noExecutor(executor);
  return tellFleet(ownerUrl, publicUrlIfKnown(options), pool);
}

async function createPool(name: string, options: DatabaseOptions & { readonly tenant?: TenantId }) {
  const id = newId('pool');
  await asOperator(await ownerUrlOf(options), (operator) =>
    operator.createPool({ id, owner: options.tenant ?? null, name }),
  );
  if (options.json) return printJson({ pool: id });
  printResult(id);
  printNote(`  Executors join it with a token of ./causeway executor join-token --pool ${id}`);
}

async function listPools(options: DatabaseOptions): Promise<void> {
  const pools = await asOperator(await ownerUrlOf(options), (operator) => operator.listPools());
  if (options.json) return printJson(pools);
  const rows = pools.map((pool) => [
    pool.pool_id,
    pool.name,
    pool.owner_name ?? 'the platform',
    pool.executors,
    pool.unfinished_runs,
  ]);
  printResult(formatTable(['pool', 'name', 'of', 'executors', 'unfinished runs'], rows));
}

interface PlaceOptions extends DatabaseOptions {
  readonly project?: string;
  readonly pool?: string;
  readonly label?: Labels;
  readonly anywhere?: true;
  readonly ownHostsOnly?: boolean;
}

async function place(tenant: TenantId, options: PlaceOptions): Promise<void> {
  const { project, pool, label, anywhere, ownHostsOnly } = options;
  const says = pool !== undefined || label !== undefined || anywhere === true;
  const placement = says
    ? { ...(pool === undefined ? {} : { pool }), ...(label === undefined ? {} : { labels: label }) }
    : null;
  if (placement === null && ownHostsOnly === undefined) {
    throw new Failure({
      what: 'Nothing was changed.',
      why: 'the command names neither a pool, a label, --anywhere nor --own-hosts-only',
      remedy: './causeway executor place --help shows what it takes',
    });
  }
  await asOperator(await ownerUrlOf(options), (operator) =>
    operator.place({ tenant, project: project ?? null, placement, ownHostsOnly: ownHostsOnly ?? null }),
  );
  if (options.json)
    printJson({ tenant, project: project ?? null, placement, ownHostsOnly: ownHostsOnly ?? null });
  else printNote('It holds for every run that is started from now on.');
}

function requireExecutor(id: string): ExecutorId {
  const executor = parseId('executor', id);
  if (executor === null) throw noExecutor(id);
  return executor;
}

function noExecutor(id: string): Failure {
  return new Failure({
    what: `There is no executor ${id}.`,
    why: 'none that has this id is registered, or it was revoked',
    remedy: './causeway executor list shows the ids',
  });
}

function tenantId(text: string): TenantId {
  const id = parseId('tenant', text);
  if (id === null) throw new InvalidArgumentError(`expected an id like ${ID_PREFIXES.tenant}_...`);
  return id;
}

function addLabel(text: string, before: Labels = {}): Labels {
  const label = parseLabel(text);
  if (label === null) throw new InvalidArgumentError('expected name=value, as region=eu');
  return { ...before, ...label };
}

function onOrOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('expected on or off');
  return text === 'on';
}
