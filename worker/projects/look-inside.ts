import { selectDefaultAgentSees } from '../database/agent-sees.ts';
import { selectSources } from '../database/data.ts';
import { selectRunPage } from '../database/runs.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { AgentSees } from '../sight/agent-sees.ts';
import { seeSummary } from '../sight/see-run.ts';
import { seeListed } from '../sight/see-source.ts';
import type { Principal } from '../tenants/principal.ts';

const SOURCES_MAX = 100;
const RUNS_MAX = 20;

/** What a project holds, for a person who sees inside. */
export interface ProjectInside {
  readonly sources: readonly ReturnType<typeof seeListed>[];
  readonly sourcesTotal: number;
  readonly runs: readonly ReturnType<typeof seeSummary>[];
  readonly runsTotal: number;
  /** What sources that come say where they say nothing. */
  readonly defaults: { readonly tenant: AgentSees; readonly project: AgentSees | null };
}

/** The data of a project and its newest runs; null for who does not see inside. One database request. */
export async function lookInside(
  platform: Platform,
  principal: Principal,
  project: string,
): Promise<ProjectInside | null> {
  const [data, runs, defaults] = await withTenantOfPerson(platform, principal, [
    selectSources(project, '', SOURCES_MAX),
    selectRunPage({ project, states: null, before: null, limit: RUNS_MAX }),
    selectDefaultAgentSees(project),
  ] as const);
  if (!data.ok || runs === null) return null;
  return {
    sources: data.sources.map(seeListed),
    sourcesTotal: data.total,
    runs: runs.runs.map(seeSummary),
    runsTotal: runs.total,
    defaults,
  };
}
