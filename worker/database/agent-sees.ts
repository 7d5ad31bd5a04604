import type { AgentSees } from '../sight/agent-sees.ts';
import { callFunction } from './call-function.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/**
 * Sets what agents see of a source; where that is less than before, also of all that was computed from it. For owners
 * of the project and admins of the tenant, signed in; refuses with `not_found` (details.kind: project or source) or
 * `insufficient_role`.
 */
export function setAgentSeesRow(
  project: string,
  name: string,
  agentSees: AgentSees,
): Query<SqlAnswer<{ readonly changed: boolean }>> {
  return callFunction('app.system_set_agent_sees($1, $2, $3)', [project, name, agentSees]);
}

/** Sets the default for new sources of a project, or (null) of the whole tenant; refuses likewise. */
export function setDefaultAgentSeesRow(
  project: string | null,
  agentSees: AgentSees,
): Query<SqlAnswer<{ readonly changed: boolean }>> {
  return callFunction('app.system_set_default_agent_sees($1, $2)', [project, agentSees]);
}

/** The defaults for new sources: the tenant's, and that of a project (null where the caller does not see the project). */
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
