import { describeLabels } from '../../protocol/labels.ts';
import type { PlacementRefusal } from '../database/placement.ts';
import { Refusal } from '../http/refusal.ts';
import { quoted } from '../input/quoted.ts';

/** Why nothing can run where tenant, project and run want it, in words that name who can change it. */
export function refusePlacement(refused: PlacementRefusal): Refusal {
  switch (refused.reason) {
    case 'no_pool': {
      const { pool, pools } = refused.details;
      const there = pools.length === 0 ? 'it may use none yet' : `it may use: ${pools.join(', ')}`;
      return new Refusal('not_found', `The tenant has no pool \`${quoted(pool)}\`; ${there}.`, {
        hint: 'Leave the pool out to run wherever the tenant may.',
      });
    }
    case 'placement_fixed': {
      const { what, is, asked } = refused.details;
      return new Refusal(
        'invalid_arguments',
        `The run asks for ${what} \`${quoted(asked)}\`, and its tenant or project has fixed it to \`${quoted(is)}\`.`,
        { hint: 'Leave it out; an admin of the tenant changes where its runs go.' },
      );
    }
    case 'no_executor':
      return noExecutor(refused.details);
  }
}

function noExecutor(details: Extract<PlacementRefusal, { reason: 'no_executor' }>['details']): Refusal {
  if (details.executors === 0) {
    return new Refusal(
      'no_executor',
      details.own_hosts_only
        ? 'The tenant runs on hosts of its own alone, and none has joined, so nothing can run.'
        : 'No executor has joined, so nothing can run.',
      {
        hint: details.own_hosts_only
          ? 'An admin of the tenant makes a join token for its pool.'
          : 'The operator starts one: ./causeway executor join-token, then the executor on a host.',
      },
    );
  }
  const offered = details.offered.map(describeLabels).filter((text) => text !== '');
  const there = offered.length === 0 ? 'none has any label' : `there are: ${offered.join('; ')}`;
  return new Refusal('no_executor', `No executor has ${describeLabels(details.labels)}; ${there}.`, {
    hint: 'Ask for labels that exist, or leave them out.',
    details: { labels: details.labels },
  });
}
