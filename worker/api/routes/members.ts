import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { idText, inTenant, moment, page, pageQuery, role } from '../schemas.ts';

const TAG = 'Members';

export const member = z
  .object({
    user: idText('user'),
    name: z.string(),
    email: z.string(),
    role,
    status: z.enum(['active', 'disabled']).describe('`disabled`: the operator has closed the account'),
    joined_at: moment,
    last_sign_in_at: moment.nullable(),
  })
  .meta({ id: 'Member' });

const oneMember = inTenant.extend({ user: idText('user') });

/** Who belongs to a tenant, and as what. */
export const MEMBER_ROUTES = {
  listMembers: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/members',
    access: 'admin',
    tag: TAG,
    summary: 'Members, by name',
    params: inTenant,
    query: pageQuery,
    answer: z.object({ members: z.array(member), ...page }),
  }),
  getMember: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/members/:user',
    access: 'admin',
    tag: TAG,
    summary: 'One of them',
    params: oneMember,
    answer: member,
    refuses: ['not_found'],
  }),
  changeRole: defineRoute({
    method: 'PATCH',
    path: '/tenants/:tenant/members/:user',
    access: 'admin',
    tag: TAG,
    summary: "Change a member's role",
    description:
      'Admins change members up to admin, owners everybody; there is always an owner. It holds from the next request of that person on.',
    params: oneMember,
    body: z.object({ role }),
    answer: z.object({ user: idText('user'), role, role_before: role }),
    refuses: ['not_found', 'last_owner'],
  }),
  removeMember: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/members/:user',
    access: 'admin',
    tag: TAG,
    summary: 'End a membership, your own too',
    description: 'Ends the tokens, agents and open invitations of that person in this tenant as well.',
    params: oneMember,
    answer: null,
    refuses: ['not_found', 'last_owner'],
  }),
} as const;
