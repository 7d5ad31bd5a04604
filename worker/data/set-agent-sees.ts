import { selectDefaultAgentSees, setAgentSeesRow, setDefaultAgentSeesRow } from '../database/agent-sees.ts';
import type { SqlAnswer } from '../database/refusal-data.ts';
import { Refusal } from '../http/refusal.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { AgentSees } from '../sight/agent-sees.ts';
import type { Principal } from '../tenants/principal.ts';

/**
 * Sets what agents see of a source; returns whether that was a change. Showing less takes effect at once, also for
 * every run that read the source and for all that was computed from those runs.
 */
export async function setAgentSees(
  platform: Platform,
  principal: Principal,
  {
    project,
    name,
    agentSees,
  }: { readonly project: string; readonly name: string; readonly agentSees: AgentSees },
): Promise<boolean> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    setAgentSeesRow(project, name, agentSees),
  ] as const);
  if (!answer.ok) throw refused(answer);
  platform.publish(principal.tenantId, { kind: 'data', project, source: name });
  return answer.changed;
}

/** Sets the default for new sources of a project, or (null) of the whole tenant: what agents see where an import says nothing. */
export async function setDefaultAgentSees(
  platform: Platform,
  principal: Principal,
  { project, agentSees }: { readonly project: string | null; readonly agentSees: AgentSees },
): Promise<boolean> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    setDefaultAgentSeesRow(project, agentSees),
  ] as const);
  if (!answer.ok) throw refused(answer);
  return answer.changed;
}

/** The tenant's default for new sources. */
export async function teamAgentSees(platform: Platform, principal: Principal): Promise<AgentSees> {
  const [{ tenant }] = await withTenantOfPerson(platform, principal, [selectDefaultAgentSees(null)] as const);
  return tenant;
}

/** A project's own default for new sources; `not_found` for people who do not see the project. */
export async function projectAgentSees(
  platform: Platform,
  principal: Principal,
  project: string,
): Promise<AgentSees> {
  const [defaults] = await withTenantOfPerson(platform, principal, [
    selectDefaultAgentSees(project),
  ] as const);
  if (defaults.project === null) throw new Refusal('not_found', 'There is no such project.');
  return defaults.project;
}

function refused(answer: Extract<SqlAnswer<object>, { ok: false }>): Refusal {
  if (answer.code === 'insufficient_role')
    return new Refusal('insufficient_role', 'You may not say what agents see of this data.', {
      hint: 'The owners of the project and the admins of the tenant may.',
    });
  return answer.details?.kind === 'source'
    ? new Refusal('not_found', 'The project has no such data.')
    : new Refusal('not_found', 'There is no such project.');
}
