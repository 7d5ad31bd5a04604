import type { RunId, TenantId } from '../../protocol/ids.ts';
import { type FoundRun, selectRuns } from '../database/runs.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import { quoted } from '../input/quoted.ts';
import { type RunNow, type RunView, type StoredRun, seeRun } from '../sight/see-run.ts';
import type { Unseen } from '../sight/unseen.ts';
import { addressOfRun } from '../sight/withheld.ts';
import type { Caller, Reader } from './caller.ts';
import { follow } from './follow.ts';
import type { LiveState } from './pool/live-state.ts';
import { feedOf, poolOf } from './pool-of.ts';

/** The rows of `runs` in that order, or the refusal for one that is absent or not yours (the two look alike). */
export async function requireRuns(reader: Reader, runs: readonly string[]): Promise<FoundRun[]> {
  const [rows] = await withTenant(reader.platform.database, reader.principal, [selectRuns(runs)] as const);
  return runs.map((run) => {
    const row = rows.find((candidate) => candidate.run === run);
    if (row !== undefined) return row;
    throw new Refusal('not_found', `There is no run \`${quoted(run)}\`.`, {
      hint: 'list_runs shows the runs of a project.',
    });
  });
}

export async function requireRun(reader: Reader, run: string): Promise<FoundRun> {
  const [found] = await requireRuns(reader, [run]);
  return found as FoundRun;
}

/**
 * A run as it stands and as the caller may see it, after waiting for its end at most `waitMs`. One database request for a
 * run that has ended or ends meanwhile, two for one that is active. `adopt` gives a run that its pool does not know to the pool again, at once.
 */
export async function viewRun(
  context: Caller,
  asked: { readonly run: string; readonly waitMs: number; readonly adopt: boolean },
): Promise<RunView> {
  const askedAt = Date.now();
  const found = await requireRun(context, asked.run);
  if (found.state !== 'queued') return view(context, found);
  const pool = poolOf(context.platform.env, found.pool);
  const followed = { ...asked, withheld: found.withheld, askedAt, firstOutput: null };
  let answer = await follow(context, followed, pool.wait(found.run, asked.waitMs));
  if (answer?.step === 'unknown' && asked.adopt) {
    await pool.adopt([
      { pool: found.pool, tenant: context.principal.tenantId as TenantId, run: found.run as RunId },
    ]);
    answer = await follow(context, followed, pool.wait(found.run, asked.waitMs));
  }
  switch (answer?.step) {
    case 'ended':
      return view(context, found, { outcome: answer.outcome });
    case 'active':
      return viewActive(context, found, { live: answer.live, waitMs: asked.waitMs });
    default:
      // It ended between the two questions, its pool restarted, or it came to be withheld.
      return view(context, await requireRun(context, asked.run));
  }
}

type Known = Unseen<StoredRun, 'run' | 'withheld'>;

/** A run with what is known of it since, as the caller may see it. */
export function view(reader: Reader, run: Known, now: RunNow = {}): RunView {
  return seeRun(run, addressOfRun(reader, run.run), now);
}

/**
 * An active run, with what it has said where it runs already and the caller may see that. After a wait, or where it has
 * spoken, the database is asked once more: it may have been withheld meanwhile.
 */
export async function viewActive(
  context: Reader,
  run: Known,
  { live, waitMs }: { readonly live: LiveState; readonly waitMs: number },
): Promise<RunView> {
  const speaks = live.state === 'running' && !run.withheld;
  if (run.withheld || (!speaks && waitMs === 0)) return view(context, run, { live });
  const soFar = speaks ? await feedOf(context.platform.env, run.run).soFar() : null;
  return view(context, await requireRun(context, run.run), { live, soFar });
}
