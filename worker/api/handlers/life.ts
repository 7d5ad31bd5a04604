import {
  keepTenant,
  listWaitingDeletions,
  requestTenantDeletion,
} from '../../tenants/life/request-deletion.ts';
import type { Handlers } from '../handler.ts';
import type { LIFE_ROUTES } from '../routes/life.ts';

export const lifeHandlers: Handlers<keyof typeof LIFE_ROUTES> = {
  async requestDeletion({ body }, { platform, principal }) {
    const { name, reason = null } = body;
    return { due_at: await requestTenantDeletion(platform, principal, { name, reason }) };
  },

  async listDeletions(_input, { platform, session }) {
    const waiting = await listWaitingDeletions(platform, session);
    return {
      deletions: waiting.map(({ tenantId, name, dueAt, byOperator }) => ({
        tenant: tenantId,
        name,
        due_at: dueAt,
        by_operator: byOperator,
      })),
    };
  },

  async takeBackDeletion({ params }, { platform, session, call }) {
    await keepTenant(platform, session, params.tenant, call);
  },
};
