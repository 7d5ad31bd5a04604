import type { RunId, TenantId } from '../../protocol/ids.ts';
import { beginCancel } from '../database/runs.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import { quoted } from '../input/quoted.ts';
import { refuseRole } from '../projects/refuse-role.ts';
import type { RunView } from '../sight/see-run.ts';
import type { Caller } from './caller.ts';
import { poolOf } from './pool-of.ts';
import { viewRun } from './run-view.ts';

/** An executor ends a sandbox within a second; an answer that says so is worth that wait. */
const WAIT_MS = 5_000;

/** Cancels a run and shows it; one that has ended already is shown as it ended. */
export async function cancelRun(context: Caller, run: string): Promise<RunView> {
  const { platform, principal } = context;
  const [begun] = await withTenant(platform.database, principal, [beginCancel(run)] as const);
  if (!begun.ok) {
    if (begun.code === 'insufficient_role') throw refuseRole(begun.details);
    throw new Refusal('not_found', `There is no run \`${quoted(run)}\`.`, {
      hint: 'list_runs shows the runs of a project.',
    });
  }
  if (begun.state === 'queued') {
    const pool = poolOf(platform.env, begun.pool);
    const answer = await pool.cancel(run, WAIT_MS);
    if (answer.step === 'unknown') {
      // Written and never submitted: the pool must know it to end it.
      await pool.adopt([{ pool: begun.pool, tenant: principal.tenantId as TenantId, run: run as RunId }]);
      await pool.cancel(run, WAIT_MS);
    }
  }
  return viewRun(context, { run, waitMs: 0, adopt: false });
}
