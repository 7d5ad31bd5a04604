import { selectRunPage } from '../database/runs.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Platform } from '../platform.ts';
import { foundProject } from '../projects/find-project.ts';
import { seeSummary } from '../sight/see-run.ts';
import { keyOfCursor, pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';

const PARAMETERS_CHARS_MAX = 300;

/** A page of a project's runs, newest first. One database request. */
export async function listRuns(
  platform: Platform,
  principal: Principal,
  asked: { project: string; state?: string | undefined; limit: number; cursor?: string | undefined },
) {
  const before = keyOfCursor(asked.cursor);
  // One more than the page shows whether there is another.
  const states = asked.state === undefined ? null : [asked.state === 'active' ? 'queued' : asked.state];
  const query = selectRunPage({ project: asked.project, states, before, limit: asked.limit + 1 });
  const [found] = await withTenant(platform.database, principal, [query] as const);
  const { total, runs } = foundProject(found, asked.project);
  const { rows, truncated, cursor } = pageOf(runs, asked.limit, ({ run }) => run);
  return { runs: rows.map((run) => present(seeSummary(run))), total, truncated, cursor };
}

function present(run: ReturnType<typeof seeSummary>) {
  const parameters = JSON.stringify(run.parameters);
  return {
    run: run.run,
    entry: run.kind === 'scratch' ? '(scratch)' : run.entry,
    commit: run.commit,
    state: run.state === 'queued' ? 'active' : run.state,
    message: run.message,
    parameters:
      parameters.length > PARAMETERS_CHARS_MAX ? `${parameters.slice(0, PARAMETERS_CHARS_MAX)}…` : parameters,
    outputs: run.outputs,
    created_at: run.createdAt,
    finished_at: run.finishedAt,
  };
}
