import type { Command } from 'commander';
import { asTenantOperator, type PurgedObject } from '../database/tenant-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { attend } from '../tenants/ask-worker.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { publicUrlIfKnown, WITHIN_A_MINUTE } from './public-url-option.ts';
import { ofTenant, refused, type TenantCommandOptions } from './tenant-command.ts';
import { tenantNamed } from './tenant-option.ts';

type PurgeOptions = TenantCommandOptions & {
  readonly project?: string;
  readonly path?: string;
  readonly commit?: string;
  readonly data?: string;
  readonly run?: string;
  readonly output?: string;
  readonly log?: boolean;
  readonly reason: string;
  readonly evenIfShared?: boolean;
};

export function registerPurge(tenant: Command): void {
  ofTenant(tenant, 'purge')
    .summary('purge the content of a file, a data source, an output or a log, for good')
    .description(
      'The bytes go at once and for good; a tombstone says when and why to whoever reads what they were. Commits, manifests and the audit log keep the digest. The same bytes elsewhere in the tenant go too, so where something else holds them it asks for --even-if-shared.',
    )
    .option('--project <project>', 'the project of a file or data source, by id or name')
    .option('--path <path>', 'a file of it, as of its newest commit that has the file')
    .option('--commit <id>', 'with --path: as of this commit')
    .option('--data <name>', 'a data source of it, with all snapshots')
    .option('--run <run>', 'the run of an output or log (run_...)')
    .option('--output <name>', 'an output of it')
    .option('--log', 'what it printed')
    .requiredOption('--reason <text>', 'why; whoever reads it is told')
    .option('--even-if-shared', 'also where something else holds the same bytes')
    .addHelpText(
      'after',
      "\nExamples:\n  $ ./causeway tenant purge ten_01jd... --project plan --path customers.csv --reason 'erasure request 17'\n  $ ./causeway tenant purge ten_01jd... --project plan --data customers --reason 'erasure request 17'\n  $ ./causeway tenant purge ten_01jd... --run run_01jd... --output forecast.csv --reason 'held a password'",
    )
    .action(purge);
}

async function purge(id: string, options: PurgeOptions): Promise<void> {
  const tenant = tenantNamed(id);
  const object = objectOf(options);
  const ownerUrl = await ownerUrlOf(options);
  const answer = await asTenantOperator(ownerUrl, (operator) =>
    operator.purge(tenant, object, options.reason, options.evenIfShared === true),
  );
  if (!answer.ok && answer.code === 'shared')
    throw new Failure({
      what: 'Nothing was purged.',
      why: 'something else holds the same bytes, and would lose them too',
      remedy: 'say --even-if-shared if that is meant',
      evidence: answer.others ?? [],
    });
  if (!answer.ok && answer.code === 'not_found')
    throw new Failure({
      what: 'Nothing was purged.',
      why: 'there is no such object in the tenant, or it is empty',
      remedy: 'names are case-sensitive; ./causeway tenant export shows what there is',
    });
  if (!answer.ok) throw refused(answer.code);
  const attended = await attend({ ownerUrl, publicUrl: publicUrlIfKnown(options), tenant });
  if (options.json) return printJson({ tenant, object, sha256: answer.sha256, told: attended !== null });
  printNote(`Purged, ${answer.sha256.length} contents${attended === null ? `; ${WITHIN_A_MINUTE}` : ''}.`);
}

/** What the options name. Pure. */
export function objectOf(options: Partial<PurgeOptions>): PurgedObject {
  const { project, path, commit, data, run, output, log } = options;
  const named = [path, data, output, log].filter((given) => given !== undefined);
  if (named.length === 1) {
    if (project !== undefined && path !== undefined)
      return { kind: 'file', project, path, ...(commit === undefined ? {} : { commit }) };
    if (project !== undefined && data !== undefined) return { kind: 'data', project, name: data };
    if (run !== undefined && output !== undefined) return { kind: 'output', run, name: output };
    if (run !== undefined && log === true) return { kind: 'log', run };
  }
  throw new Failure({
    what: 'Nothing was purged.',
    why: 'the options name no object, or more than one',
    remedy: 'name one: --project P --path F, --project P --data D, --run R --output O, or --run R --log',
  });
}
