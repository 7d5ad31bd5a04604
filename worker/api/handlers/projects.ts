import { listProjectMembers } from '../../projects/members/list-members.ts';
import { listAdministeredProjects } from '../../projects/members/list-projects.ts';
import { removeProjectMember } from '../../projects/members/remove-member.ts';
import { restrictProject } from '../../projects/members/restrict-project.ts';
import { setProjectMember } from '../../projects/members/set-member.ts';
import type { Handlers } from '../handler.ts';
import { pageFacts } from '../page.ts';
import type { PROJECT_ROUTES } from '../routes/projects.ts';

export const projectHandlers: Handlers<keyof typeof PROJECT_ROUTES> = {
  async listProjects({ query }, { platform, principal }) {
    const found = await listAdministeredProjects(platform, principal, { ...query, administeredOnly: true });
    return {
      projects: found.rows.map(({ project, name, restricted, archived, role, members }) => ({
        project,
        name,
        restricted,
        archived,
        members,
        your_role: role,
      })),
      ...pageFacts(found, found.total),
    };
  },

  async changeProject({ params, body }, { platform, principal }) {
    const changed = await restrictProject(platform, principal, { ...params, ...body });
    return { project: params.project, restricted: body.restricted, changed };
  },

  async listProjectMembers({ params, query }, { platform, principal }) {
    const found = await listProjectMembers(platform, principal, { ...query, project: params.project });
    return { members: [...found.rows], ...pageFacts(found, found.total) };
  },

  async setProjectMember({ params, body }, { platform, principal }) {
    const changed = await setProjectMember(platform, principal, { ...params, ...body });
    return { user: params.user, role: body.role, changed };
  },

  async removeProjectMember({ params }, { platform, principal }) {
    await removeProjectMember(platform, principal, params);
  },
};
