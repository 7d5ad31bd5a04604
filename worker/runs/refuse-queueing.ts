import type { ErrorCode } from '../../protocol/errors.ts';
import type { Queued } from '../database/runs.ts';
import { Refusal } from '../http/refusal.ts';
import { quoted } from '../input/quoted.ts';
import { refuseRole } from '../projects/refuse-role.ts';
import { withheldRate } from '../sight/withheld-rate.ts';
import { usedKey } from '../tenants/idempotency.ts';
import { refusePlacement } from './refuse-placement.ts';

type Refused = Extract<Queued, { step: 'refused' }>;

/** Why a run could not be queued, in words that an agent can act on. */
export function refuseQueueing(refused: Refused): Refusal {
  switch (refused.reason) {
    case 'no_project':
      return said(
        'not_found',
        `There is no project \`${quoted(refused.details.project)}\`.`,
        'list_projects shows the projects; name one by its id, or by its name where no other has it.',
      );
    case 'no_right':
      return refuseRole(refused.details);
    case 'archived':
      return said(
        'project_archived',
        `The project \`${refused.details.project}\` is archived and runs nothing.`,
        'Use another project.',
      );
    case 'no_commits':
      return said(
        'not_found',
        `The project \`${refused.details.project}\` has no commit yet.`,
        'write_files makes the first one.',
      );
    case 'no_commit':
      return said(
        'not_found',
        `The project has no commit \`${quoted(refused.details.ref ?? '')}\`.`,
        'list_commits shows the commits; give a full id or a unique prefix of at least 7 characters.',
      );
    case 'no_file': {
      const { path, commit, python_files } = refused.details;
      const there =
        python_files.length === 0
          ? 'it has no Python file'
          : `Python files there: ${python_files.join(', ')}`;
      return said(
        'not_found',
        `\`${quoted(path)}\` is not in the project at commit ${commit.slice(0, 7)}; ${there}.`,
        'Names are case-sensitive; write_files adds a file.',
      );
    }
    case 'no_data': {
      const { missing, available } = refused.details;
      const there = available.length === 0 ? 'it has no data source' : `it has: ${available.join(', ')}`;
      return said(
        'not_found',
        `The project has no data source ${missing.map((name) => `\`${quoted(name)}\``).join(', ')}; ${there}.`,
        'Names are case-sensitive; leave data out to attach all.',
      );
    }
    case 'no_pool':
    case 'placement_fixed':
    case 'no_executor':
      return refusePlacement(refused);
    case 'queue_full':
      return new Refusal(
        'limit_exceeded',
        `The tenant has ${refused.details.value} unfinished runs, which is all it may have.`,
        {
          hint: 'Wait until some end, or cancel_run some; list_runs shows them.',
          details: refused.details,
        },
      );
    case 'withheld_rate':
      return withheldRate(refused.details.retry_after_seconds, 'run');
    case 'idempotency_conflict':
      return usedKey();
  }
}

function said(code: ErrorCode, message: string, hint: string): Refusal {
  return new Refusal(code, message, { hint });
}
