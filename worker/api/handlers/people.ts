import {
  countRoles,
  endMemberSession,
  selectMemberSessions,
  selectPeople,
  selectTenant,
  type TenantPerson,
} from '../../database/administration.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { Refusal } from '../../http/refusal.ts';
import { listSignIns } from '../../people/list-sign-ins.ts';
import { pageOf } from '../../tenants/page.ts';
import { ROLE_MAY, TENANT_ROLES } from '../../tenants/roles.ts';
import type { Handlers } from '../handler.ts';
import { beforeOf, pageFacts } from '../page.ts';
import type { PEOPLE_ROUTES } from '../routes/people.ts';

const ONE = { before: '', limit: 1 };

export const peopleHandlers: Handlers<keyof typeof PEOPLE_ROUTES> = {
  async getTenant(_input, { platform, principal, role }) {
    const [tenant] = await withTenant(platform.database, principal, [selectTenant()] as const);
    return {
      tenant: tenant.tenantId,
      name: tenant.name,
      created_at: tenant.createdAt,
      your_role: role,
      token_lifetime_max_seconds: tenant.tokenLifetimeMaxSeconds,
    };
  },

  async listRoles(_input, { platform, principal, role: own }) {
    const [members] = await withTenant(platform.database, principal, [countRoles()] as const);
    return {
      roles: TENANT_ROLES.map((role) => ({
        role,
        may: ROLE_MAY[role],
        members: members[role] ?? 0,
        you_may_give_it: TENANT_ROLES.indexOf(role) <= TENANT_ROLES.indexOf(own),
      })),
    };
  },

  async listUsers({ query }, { platform, principal }) {
    const wanted = { status: query.status ?? null, userId: null };
    const page = { before: beforeOf(query), limit: query.limit + 1 };
    const [found] = await withTenant(platform.database, principal, [selectPeople(wanted, page)] as const);
    const shown = pageOf(found.rows, query.limit, ({ userId }) => userId);
    return { users: shown.rows.map(presentUser), ...pageFacts(shown, found.total) };
  },

  async getUser({ params }, { platform, principal }) {
    const wanted = { status: null, userId: params.user };
    const [found] = await withTenant(platform.database, principal, [selectPeople(wanted, ONE)] as const);
    const [user] = found.rows;
    if (user === undefined) throw noSuchUser();
    return presentUser(user);
  },

  async listSignIns({ params, query }, { platform, principal }) {
    const { rows, truncated, cursor } = await listSignIns(platform, principal, {
      ...query,
      user: params.user,
    });
    return {
      sign_ins: rows.map(({ occurredAt, method, outcome, address, userAgent }) => ({
        at: occurredAt,
        method,
        outcome,
        address,
        user_agent: userAgent,
      })),
      truncated,
      cursor,
    };
  },

  async listSessions({ query }, { platform, principal }) {
    const page = { before: beforeOf(query), limit: query.limit + 1 };
    const [found] = await withTenant(platform.database, principal, [
      selectMemberSessions(query.user ?? null, page),
    ] as const);
    const shown = pageOf(found.rows, query.limit, ({ session_id }) => session_id);
    return {
      sessions: shown.rows.map(({ session_id, user_id, ...rest }) => ({
        session: session_id,
        user: user_id,
        ...rest,
      })),
      ...pageFacts(shown, found.total),
    };
  },

  async endSession({ params }, { platform, principal }) {
    const [ended] = await withTenant(platform.database, principal, [
      endMemberSession(params.session),
    ] as const);
    if (!ended.ok) throw new Refusal('not_found', 'There is no such session that you may end.');
  },
};

function presentUser({ userId, name, email, role, status }: TenantPerson) {
  return { user: userId, name, email, role, status };
}

function noSuchUser(): Refusal {
  return new Refusal('not_found', 'There is no such person in this tenant.');
}
