import type { RunId, TenantId } from '../../protocol/ids.ts';
import type { Manifest } from '../../protocol/manifest.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import { type RunRow, selectRuns } from '../database/runs.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { ToolContext } from '../mcp/tool.ts';
import { quoted } from '../projects/find-project.ts';
import type { SoFar } from './feed/so-far.ts';
import { follow } from './follow.ts';
import type { LiveState } from './pool/live-state.ts';
import { feedOf, poolOf } from './pool-of.ts';

/** A run as the tools show it: ended, or active with what its pool knows of it. */
export interface RunView {
  readonly run: string;
  readonly manifest: Manifest;
  readonly outcome: Outcome | null;
  /** Null where it has ended, and where its pool has not heard of it (yet). */
  readonly live: LiveState | null;
  /** What a running run has said; null for any other. */
  readonly soFar: SoFar | null;
}

/** The rows of `runs` in that order, or the refusal for one that is absent or not yours (the two look alike). */
export async function requireRuns(context: ToolContext, runs: readonly string[]): Promise<RunRow[]> {
  const [rows] = await withTenant(context.platform.database, context.principal, [selectRuns(runs)] as const);
  return runs.map((run) => {
    const row = rows.find((candidate) => candidate.run === run);
    if (row !== undefined) return row;
    throw new Refusal('not_found', `There is no run \`${quoted(run)}\`.`, {
      hint: 'list_runs shows the runs of a project.',
    });
  });
}

/**
 * A run as it stands, after waiting for its end at most `waitMs`. One database request for a run that has ended or ends
 * meanwhile. `adopt` gives a run that its pool does not know to the pool again, at once.
 */
export async function viewRun(
  context: ToolContext,
  asked: { readonly run: string; readonly waitMs: number; readonly adopt: boolean },
): Promise<RunView> {
  const [row] = await requireRuns(context, [asked.run]);
  if (row === undefined || row.outcome !== null) return ended(row as RunRow);
  const pool = poolOf(context.platform.env, row.pool);
  let answer = await follow(context, asked, pool.wait(row.run, asked.waitMs));
  if (answer?.step === 'unknown' && asked.adopt) {
    await pool.adopt([
      { pool: row.pool, tenant: context.principal.tenantId as TenantId, run: row.run as RunId },
    ]);
    answer = await follow(context, asked, pool.wait(row.run, asked.waitMs));
  }
  const { run, manifest } = row;
  switch (answer?.step) {
    case 'ended':
      return { run, manifest, outcome: answer.outcome, live: null, soFar: null };
    case 'active':
      return viewActive(context, run, manifest, answer.live);
    default: {
      // It ended between the two questions, or its pool restarted.
      const [again] = await requireRuns(context, [asked.run]);
      return ended(again as RunRow);
    }
  }
}

function ended({ run, manifest, outcome }: RunRow): RunView {
  return { run, manifest, outcome, live: null, soFar: null };
}

/** An active run, with what it has said where it runs already. */
export async function viewActive(
  context: ToolContext,
  run: string,
  manifest: Manifest,
  live: LiveState,
): Promise<RunView> {
  const soFar = live.state === 'running' ? await feedOf(context.platform.env, run).soFar() : null;
  return { run, manifest, outcome: null, live, soFar };
}
