import type { StoredSession } from '../database/sessions.ts';
import { isAdministrator } from '../tenants/roles.ts';

interface PageLink {
  readonly path: string;
  readonly label: string;
}

/** The pages that are of use to a person, by the teams that they belong to and their roles there. */
export function pagesFor(tenants: StoredSession['tenants']): readonly PageLink[] {
  const isAdmin = tenants.some(({ role }) => isAdministrator(role));
  return [
    { path: '/account', label: 'Account' },
    ...(tenants.length === 0
      ? []
      : [
          { path: '/projects', label: 'Projects' },
          { path: '/agents', label: 'Agents' },
          { path: '/tokens', label: 'Tokens' },
          { path: '/requests', label: 'Requests' },
          { path: '/members', label: 'Members' },
        ]),
    ...(isAdmin
      ? [
          { path: '/invitations', label: 'Invitations' },
          { path: '/audit', label: 'Audit' },
        ]
      : []),
    ...(tenants.some(({ role }) => role === 'owner') ? [{ path: '/teams', label: 'Teams' }] : []),
  ];
}
