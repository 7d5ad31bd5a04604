/** Roles in a tenant, weakest first. */
export const TENANT_ROLES = ['viewer', 'member', 'admin', 'owner'] as const;
export type TenantRole = (typeof TENANT_ROLES)[number];

/** What each role may, in a sentence; each may also what the ones before it may. */
export const ROLE_MAY: Readonly<Record<TenantRole, string>> = {
  viewer: 'Read projects, data and results.',
  member: 'Work on projects, import data and run models.',
  admin: 'Invite people, manage members, tokens and connected agents, and use this API.',
  owner: 'Make and unmake owners.',
};

/** Whether a role may administer the team. */
export function isAdministrator(role: TenantRole): boolean {
  return role === 'admin' || role === 'owner';
}
