import { listSources } from '../../data/list-sources.ts';
import {
  projectAgentSees,
  setAgentSees,
  setDefaultAgentSees,
  teamAgentSees,
} from '../../data/set-agent-sees.ts';
import type { Handlers } from '../handler.ts';
import type { SIGHT_ROUTES } from '../routes/sight.ts';

export const sightHandlers: Handlers<keyof typeof SIGHT_ROUTES> = {
  async getAgentSees(_input, { platform, principal }) {
    return { agent_sees: await teamAgentSees(platform, principal) };
  },

  async setAgentSees({ body }, { platform, principal }) {
    const wish = { project: null, agentSees: body.agent_sees };
    return { ...body, changed: await setDefaultAgentSees(platform, principal, wish) };
  },

  async listProjectData({ params, query }, { platform, principal }) {
    const { project } = params;
    // One after the other: where there is no such project, the same one of the two says so each time.
    const agentSees = await projectAgentSees(platform, principal, project);
    const { rows, total, truncated, cursor } = await listSources(platform, principal, { ...query, project });
    return { agent_sees: agentSees, data: rows, total, truncated, cursor };
  },

  async setProjectAgentSees({ params, body }, { platform, principal }) {
    const wish = { project: params.project, agentSees: body.agent_sees };
    return { ...body, changed: await setDefaultAgentSees(platform, principal, wish) };
  },

  async setDataAgentSees({ params, body }, { platform, principal }) {
    const wish = { project: params.project, name: params.source, agentSees: body.agent_sees };
    return { ...body, changed: await setAgentSees(platform, principal, wish) };
  },
};
