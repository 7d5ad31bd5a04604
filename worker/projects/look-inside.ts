import { selectDefaultAgentSees } from '../database/agent-sees.ts';
import { selectSources } from '../database/data.ts';
import { selectRunPage } from '../database/runs.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { AgentSees } from '../sight/agent-sees.ts';
import { seeSummary } from '../sight/see-run.ts';
import { seeListed } from '../sight/see-source.ts';
import { keyOfCursor, pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';

const SOURCES_MAX = 100;
const RUNS_MAX = 20;

/** What a project holds, for a person who sees inside. */
export interface ProjectInside {
  readonly sources: readonly ReturnType<typeof seeListed>[];
  readonly sourcesTotal: number;
  readonly runs: readonly ReturnType<typeof seeSummary>[];
  readonly runsTotal: number;
  /** What the page of older runs is asked with; null on the last. */
  readonly runsCursor: string | null;
  /** What sources that come say where they say nothing. */
  readonly defaults: { readonly tenant: AgentSees; readonly project: AgentSees | null };
}

/** The data of a project and a page of its runs, newest first; null for who does not see inside. One database request. */
export async function lookInside(
  platform: Platform,
  principal: Principal,
  { project, runsCursor }: { readonly project: string; readonly runsCursor: string | undefined },
): Promise<ProjectInside | null> {
  const before = keyOfCursor(runsCursor);
  const [data, runs, defaults] = await withTenantOfPerson(platform, principal, [
    selectSources(project, '', SOURCES_MAX),
    selectRunPage({ project, states: null, before, limit: RUNS_MAX + 1 }),
    selectDefaultAgentSees(project),
  ] as const);
  if (!data.ok || runs === null) return null;
  const page = pageOf(runs.runs, RUNS_MAX, ({ run }) => run);
  return {
    sources: data.sources.map(seeListed),
    sourcesTotal: data.total,
    runs: page.rows.map(seeSummary),
    runsTotal: runs.total,
    runsCursor: page.cursor,
    defaults,
  };
}
