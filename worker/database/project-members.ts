import type { TenantRole } from '../tenants/roles.ts';
import { callFunction } from './call-function.ts';
import type { ProjectRole } from './projects.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** A project as the people see it who manage its members. */
export interface AdministeredProject {
  readonly project: string;
  readonly name: string;
  readonly restricted: boolean;
  readonly archived: boolean;
  /** The caller's own; null: an admin of the tenant, who does not see inside. */
  readonly role: ProjectRole | null;
  /** Whether the caller may say who works on it. */
  readonly administers: boolean;
  readonly members: number;
}

export interface ProjectMember {
  readonly user: string;
  readonly name: string;
  readonly email: string;
  readonly role: ProjectRole;
  readonly tenant_role: TenantRole;
  readonly since: string;
}

export type ProjectMembers = Omit<AdministeredProject, 'project' | 'members'> & {
  readonly total: number;
  readonly rows: readonly ProjectMember[];
};

/** Where a page begins, behind a name in lower case and an id, and how long it is at most. */
export interface NamedPage {
  readonly after: { readonly name: string; readonly id: string };
  readonly limit: number;
}

/** Projects that the signed-in person sees or administers, by name. */
export function selectAdministeredProjects(
  administeredOnly: boolean,
  { after, limit }: NamedPage,
): Query<{ readonly total: number; readonly rows: readonly AdministeredProject[] }> {
  return query(
    'select app.system_list_projects($1, $2, $3, $4) as answer',
    [administeredOnly, after.name, after.id, limit],
    (rows) => onlyRow(rows).answer as { total: number; rows: AdministeredProject[] },
  );
}

/** Who has a role on a project, by name; refuses with `not_found`. */
export function selectProjectMembers(
  project: string,
  { after, limit }: NamedPage,
): Query<SqlAnswer<ProjectMembers>> {
  return callFunction('app.system_list_project_members($1, $2, $3, $4)', [
    project,
    after.name,
    after.id,
    limit,
  ]);
}

/** Refuses with `not_found` (details.kind: project or member), `insufficient_role` or `last_owner`. */
export function setProjectMemberRow(
  project: string,
  user: string,
  role: ProjectRole,
): Query<SqlAnswer<{ readonly changed: boolean }>> {
  return callFunction('app.system_set_project_member($1, $2, $3)', [project, user, role]);
}

/** Refuses as {@link setProjectMemberRow} does. */
export function removeProjectMemberRow(project: string, user: string): Query<SqlAnswer<object>> {
  return callFunction('app.system_remove_project_member($1, $2)', [project, user]);
}

/** Refuses with `not_found`, `insufficient_role`, or `already_exists` where an open project has the name. */
export function restrictProjectRow(
  project: string,
  restricted: boolean,
): Query<SqlAnswer<{ readonly changed: boolean }>> {
  return callFunction('app.system_restrict_project($1, $2)', [project, restricted]);
}

/** The id of the active member with this email, or null. */
export function selectMemberByEmail(email: string): Query<string | null> {
  return query(
    "select user_id from app.tenant_people() where email = $1 and status = 'active'",
    [email],
    ([row]) => (row?.user_id as string | undefined) ?? null,
  );
}
