import { z } from 'zod';
import { PROJECT_ROLES } from '../../database/projects.ts';
import { defineRoute } from '../route.ts';
import { idText, inTenant, moment, page, pageQuery, role } from '../schemas.ts';

const TAG = 'Projects';

const projectRole = z.enum(PROJECT_ROLES);
const restricted = z.boolean().describe('Seen by those alone who have a role on it');
const ofProject = inTenant.extend({ project: idText('project') });
const ofMember = ofProject.extend({ user: idText('user') });

const project = z
  .object({
    project: idText('project'),
    name: z.string(),
    restricted,
    archived: z.boolean(),
    your_role: projectRole.nullable().describe('Null: you may say who works on it, and do not see inside'),
    members: z.number().int().describe('Who has a role on it'),
  })
  .meta({ id: 'Project' });

const projectMember = z
  .object({
    user: idText('user'),
    name: z.string(),
    email: z.string(),
    role: projectRole.describe(
      'What they may do is the least of this and of what their role in the tenant lets them',
    ),
    tenant_role: role,
    since: moment,
  })
  .meta({ id: 'ProjectMember' });

/** Projects as those see them who say who works on them: no route shows what is inside. */
export const PROJECT_ROUTES = {
  listProjects: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/projects',
    access: 'admin',
    tag: TAG,
    summary: 'Every project of the tenant, by name',
    description:
      'Names only: to see inside a restricted one, an admin gives themselves a role, which is recorded.',
    params: inTenant,
    query: pageQuery,
    answer: z.object({ projects: z.array(project), ...page }),
  }),
  changeProject: defineRoute({
    method: 'PATCH',
    path: '/tenants/:tenant/projects/:project',
    access: 'admin',
    tag: TAG,
    summary: 'Restrict a project to its members, or open it to the tenant',
    params: ofProject,
    body: z.object({ restricted }),
    answer: z.object({ project: idText('project'), restricted, changed: z.boolean() }),
    refuses: ['not_found', 'already_exists'],
  }),
  listProjectMembers: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/projects/:project/members',
    access: 'admin',
    tag: TAG,
    summary: 'Who has a role on a project, by name',
    description: 'In an open project everybody else works by their role in the tenant.',
    params: ofProject,
    query: pageQuery,
    answer: z.object({ members: z.array(projectMember), ...page }),
    refuses: ['not_found'],
  }),
  setProjectMember: defineRoute({
    method: 'PUT',
    path: '/tenants/:tenant/projects/:project/members/:user',
    access: 'admin',
    tag: TAG,
    summary: 'Give a member of the tenant a role on a project, or another one',
    params: ofMember,
    body: z.object({ role: projectRole }),
    answer: z.object({ user: idText('user'), role: projectRole, changed: z.boolean() }),
    refuses: ['not_found', 'last_owner'],
  }),
  removeProjectMember: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/projects/:project/members/:user',
    access: 'admin',
    tag: TAG,
    summary: "Take a person's role on a project",
    params: ofMember,
    answer: null,
    refuses: ['not_found', 'last_owner'],
  }),
} as const;
