import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { LIMITS, limit } from '../../protocol/limits.ts';
import type { DataFormat } from '../../protocol/manifest.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import type { SqlAnswer } from '../database/refusal-data.ts';
import { Refusal } from '../http/refusal.ts';
import { quoted } from '../input/quoted.ts';
import { foundProject } from '../projects/find-project.ts';
import { refuseRole } from '../projects/refuse-role.ts';
import { usedKey } from '../tenants/idempotency.ts';
import type { Fault } from './description.ts';
import { explainFault } from './explain-fault.ts';

type SqlRefusal = Extract<SqlAnswer<object>, { ok: false }>;

/** What the caller named, for messages. */
export interface Named {
  readonly project: string;
  readonly name: string;
}

/** A refusal of the database, as the caller reads it. Every function of `migrations/0020-data.sql` answers with these. */
export function refuseData(answer: SqlRefusal, named: Named): Refusal {
  switch (answer.code) {
    case 'not_found':
      return absent(answer.details ?? {}, named);
    case 'insufficient_role':
      return refuseRole(answer.details);
    case 'project_archived':
      return new Refusal(
        'project_archived',
        `The project \`${quoted(named.project)}\` is archived and takes no data.`,
        {
          hint: 'Create a new project.',
        },
      );
    case 'idempotency_conflict':
      return usedKey();
    case 'already_exists':
      if (answer.details?.agent_sees === 'schema_only')
        return new Refusal('already_exists', `\`${named.name}\` is kept in another format.`, {
          hint: 'Import the data in the format that describe_data names, or under another name.',
        });
      return new Refusal(
        'already_exists',
        `\`${named.name}\` has these very bytes already, in another format.`,
        {
          hint: 'Import them under another name.',
        },
      );
    case 'expired':
      if (answer.details?.until === undefined)
        return new Refusal('expired', 'What was imported with this key was over its time and is removed.', {
          hint: 'Import it again, with another idempotency_key.',
        });
      return new Refusal('expired', `That output was kept until ${answer.details?.until}.`, {
        hint: 'Run the model again, and import what it leaves then.',
      });
    case 'upload_refused':
      return refuseUpload(String(answer.details?.reason));
    default:
      throw new Error(`a data function answered ${answer.code}`);
  }
}

function absent(details: Readonly<Record<string, unknown>>, named: Named): Refusal {
  switch (details.kind) {
    case 'project':
      return foundProject<Refusal>(null, named.project);
    case 'upload':
      return new Refusal('not_found', 'There is no such upload in this project.', {
        hint: 'create_upload makes one; import it in the project that it was made for.',
      });
    case 'run':
      return new Refusal('not_found', 'There is no such run in this project.', {
        hint: 'list_runs shows the runs.',
      });
    case 'output':
      return new Refusal('not_found', `The run has no such output; it has: ${namesOf(details.names)}.`, {
        hint: 'Names are case-sensitive. A run has outputs when it has ended.',
        details: { state: details.state },
      });
    default:
      return new Refusal(
        'not_found',
        `There is no data source \`${quoted(named.name)}\` in this project; it has: ${namesOf(details.names)}.`,
        { hint: 'import_data adds one.' },
      );
  }
}

/** Why an upload was not taken, or cannot be imported. */
export function refuseUpload(reason: string): Refusal {
  switch (reason) {
    case 'not_received':
      return refusedUpload(
        'No bytes have arrived for this upload yet.',
        'PUT the file to its address first, then import it.',
      );
    case 'used':
      return refusedUpload(
        'This address was used already.',
        'Import what it received, or ask create_upload for a new one.',
      );
    default:
      return refusedUpload('This upload address has expired.', 'Ask create_upload for a new one.');
  }
}

export function refusedUpload(
  message: string,
  hint: string,
  details: Readonly<Record<string, unknown>> = {},
): Refusal {
  return new Refusal('upload_refused', message, { hint, details });
}

export function tooManySources(): Refusal {
  const value = describeQuantity(limit('project_data_sources'), 'count');
  return new Refusal('limit_exceeded', `The project has ${value} data sources, which is all it may have.`, {
    hint: 'Import under a name that exists, or use another project.',
    details: { limit: 'project_data_sources', value: LIMITS.project_data_sources.value },
  });
}

export function invalidData(fault: Fault, format: DataFormat): Refusal {
  const { message, hint } = explainFault(fault, format);
  return new Refusal('invalid_data', `${message} Nothing was imported.`, { hint, details: { ...fault } });
}

/** The same for data that the caller may not see: the kind of fault, and nothing of what is there. */
export function invalidUnseen({ reason }: Fault, format: DataFormat): Refusal {
  return new Refusal(
    'invalid_data',
    `The data cannot be read as ${format}: ${reason.replaceAll('_', ' ')}. Nothing was imported.`,
    {
      hint: 'Whoever has the file looks at it: agents see the schema of this data only.',
      details: { reason },
    },
  );
}

/** Data whose reading ended the sandbox, or made it answer what is no answer. */
export function unreadableData(outcome: Outcome | null): Refusal {
  switch (outcome?.state) {
    case 'timed_out':
      return unreadable(
        'Reading the data took too long.',
        'Import it in parts, or as Parquet, which is read faster.',
      );
    case 'out_of_memory':
      return unreadable(
        'Reading the data takes more memory than a sandbox has.',
        'Import it in parts; write Parquet with smaller row groups.',
      );
    default:
      return unreadable(
        'The data could not be described.',
        'Check that the file can be opened where it came from.',
      );
  }
}

function unreadable(message: string, hint: string): Refusal {
  return new Refusal('invalid_data', `${message} Nothing was imported.`, { hint });
}

function namesOf(names: unknown): string {
  const list = Array.isArray(names) ? names.map((name) => quoted(String(name))) : [];
  return list.length === 0 ? 'none' : list.join(', ');
}
