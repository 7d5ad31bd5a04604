import type { AgentSees } from '../sight/agent-sees.ts';
import { callFunction } from './call-function.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/**
 * Says what agents see of a source, with all that was computed from it where that is less than before. For owners of the
 * project and admins of the tenant, signed in; refuses with `not_found` (details.kind: project or source) or `insufficient_role`.
 */
export function setAgentSeesRow(
  project: string,
  name: string,
  agentSees: AgentSees,
): Query<SqlAnswer<{ readonly changed: boolean }>> {
  return callFunction('app.system_set_agent_sees($1, $2, $3)', [project, name, agentSees]);
}

/** Says what agents see of sources that come to a project, or (null) to any of the tenant; refuses likewise. */
export function setDefaultAgentSeesRow(
  project: string | null,
  agentSees: AgentSees,
): Query<SqlAnswer<{ readonly changed: boolean }>> {
  return callFunction('app.system_set_default_agent_sees($1, $2)', [project, agentSees]);
}

/** What sources that come say where they say nothing: of the tenant, and of a project; null where that is not seen. */
export function selectDefaultAgentSees(
  project: string | null,
): Query<{ readonly tenant: AgentSees; readonly project: AgentSees | null }> {
  return query(
    `select t.agent_sees as tenant, (select p.agent_sees from app.projects as p where p.project_id = $1) as project
       from app.tenants as t where t.tenant_id = app.tenant_id()`,
    [project],
    (rows) => onlyRow(rows) as { tenant: AgentSees; project: AgentSees | null },
  );
}
