import { z } from 'zod';
import { TENANT_ROLES } from '../../tenants/roles.ts';
import { defineRoute } from '../route.ts';
import {
  address,
  idText,
  inTenant,
  moment,
  page,
  pageQuery,
  role,
  uncountedPage,
  userAgent,
} from '../schemas.ts';

export const user = z
  .object({
    user: idText('user'),
    name: z.string(),
    email: z.string(),
    role: role.describe('The last one, of somebody who is no member any more'),
    status: z
      .enum(['active', 'ended', 'disabled'])
      .describe('`ended`: no member any more; `disabled`: by the operator'),
  })
  .meta({ id: 'User' });

export const memberSession = z
  .object({
    session: idText('session'),
    user: idText('user'),
    name: z.string(),
    method: z.string().describe('How it was opened'),
    created_at: moment,
    last_seen_at: moment,
    expires_at: moment,
    address,
    user_agent: userAgent,
    is_current: z.boolean().describe('The one of this call'),
  })
  .meta({ id: 'MemberSession' });

/** The tenant, its people, its roles, and where its people are signed in. */
export const PEOPLE_ROUTES = {
  getTenant: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant',
    access: 'admin',
    tag: 'Tenant',
    summary: 'The tenant, and your role in it',
    params: inTenant,
    answer: z.object({
      tenant: idText('tenant'),
      name: z.string(),
      created_at: moment,
      your_role: role,
      token_lifetime_max_seconds: z
        .number()
        .nullable()
        .describe('How long a new API token may live; null: as long as its maker says'),
    }),
  }),
  listRoles: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/roles',
    access: 'admin',
    tag: 'Tenant',
    summary: 'The roles, who has them, and which you may give',
    params: inTenant,
    answer: z.object({
      roles: z.array(
        z.object({
          role: z.enum(TENANT_ROLES),
          may: z.string(),
          members: z.number().int(),
          you_may_give_it: z.boolean(),
        }),
      ),
    }),
  }),
  listUsers: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/users',
    access: 'admin',
    tag: 'Users',
    summary: 'Everybody who is or was a member, newest first',
    params: inTenant,
    query: pageQuery.extend({ status: user.shape.status.optional() }),
    answer: z.object({ users: z.array(user), ...page }),
  }),
  getUser: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/users/:user',
    access: 'admin',
    tag: 'Users',
    summary: 'One of them',
    params: inTenant.extend({ user: idText('user') }),
    answer: user,
    refuses: ['not_found'],
  }),
  listSignIns: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/users/:user/sign-ins',
    access: 'admin',
    tag: 'Users',
    summary: 'How a member signed in lately, newest first',
    params: inTenant.extend({ user: idText('user') }),
    query: pageQuery,
    answer: z.object({
      sign_ins: z.array(
        z.object({ at: moment, method: z.string(), outcome: z.string(), address, user_agent: userAgent }),
      ),
      ...uncountedPage,
    }),
    refuses: ['not_found'],
  }),
  listSessions: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/sessions',
    access: 'admin',
    tag: 'Sessions',
    summary: "Members' living sessions, newest first",
    description:
      'Of members who belong to no other tenant: a session that opens other tenants too is for its person alone to end. End their membership instead.',
    params: inTenant,
    query: pageQuery.extend({ user: idText('user').optional() }),
    answer: z.object({ sessions: z.array(memberSession), ...page }),
  }),
  endSession: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/sessions/:session',
    access: 'admin',
    tag: 'Sessions',
    summary: "End a member's session",
    description: "An owner's is ended by an owner only.",
    params: inTenant.extend({ session: idText('session') }),
    answer: null,
    refuses: ['not_found'],
  }),
} as const;
