import { selectRunIds } from '../../database/suggestions.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { requireOutcome } from '../../runs/output/open-output.ts';
import { type Completer, SUGGESTED_MAX } from '../completer.ts';

/** Ids of runs, the newest first; of `project` where it is known. */
export const completeRun: Completer = async ({ prefix, known }, { platform, principal }) => {
  const [ids] = await withTenant(platform.database, principal, [
    selectRunIds(known.project ?? null, prefix, SUGGESTED_MAX),
  ] as const);
  return ids;
};

/** Names of what `run` left. */
export const completeOutput: Completer = async ({ prefix, known }, context) => {
  if (known.run === undefined) return [];
  const { outcome } = await requireOutcome(context, known.run);
  return outcome.outputs.map(({ name }) => name).filter((name) => name.startsWith(prefix));
};
