import { selectGrants } from '../../database/administration.ts';
import { revokeConnectedAgent } from '../../database/oauth-grants.ts';
import { selectClients } from '../../database/tenant-clients.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { Refusal } from '../../http/refusal.ts';
import { blockClient } from '../../oauth/block-client.ts';
import { endClient } from '../../oauth/end-client.ts';
import { pageOf } from '../../tenants/page.ts';
import type { Handlers } from '../handler.ts';
import { beforeOf, pageFacts, pageOfAll } from '../page.ts';
import type { AGENT_ROUTES } from '../routes/agents.ts';

/** As Postgres writes a time that never comes. */
const NEVER = 'infinity';

export const agentHandlers: Handlers<keyof typeof AGENT_ROUTES> = {
  async listClients({ query }, { platform, principal }) {
    const [clients] = await withTenant(platform.database, principal, [selectClients()] as const);
    const shown = pageOfAll(clients, query, ({ clientId }) => clientId);
    return {
      clients: shown.rows.map(({ clientId, name, origin, people, agents, lastUsedAt, blockedAt }) => ({
        client: clientId,
        name,
        origin,
        people,
        grants: agents,
        last_used_at: lastUsedAt,
        blocked_at: blockedAt,
      })),
      ...pageFacts(shown, shown.total),
    };
  },

  endClient: async ({ body: { client } }, { platform, principal }) => ({
    client,
    grants_ended: await endClient(platform, principal, client),
  }),

  async changeClient({ body: { client, blocked } }, { platform, principal }) {
    const { changed, ended } = await blockClient(platform, principal, { clientId: client, blocked });
    return { client, blocked, changed, grants_ended: ended };
  },

  async listGrants({ query }, { platform, principal }) {
    const wanted = { userId: query.user ?? null, clientId: query.client ?? null };
    const page = { before: beforeOf(query), limit: query.limit + 1 };
    const [found] = await withTenant(platform.database, principal, [selectGrants(wanted, page)] as const);
    const shown = pageOf(found.rows, query.limit, ({ grantId }) => grantId);
    return {
      grants: shown.rows.map((grant) => ({
        grant: grant.grantId,
        user: grant.userId,
        name: grant.userName,
        client: grant.clientId,
        client_name: grant.clientName,
        scopes: [...grant.scopes],
        created_at: grant.createdAt,
        last_used_at: grant.lastUsedAt,
        expires_at: grant.expiresAt === NEVER ? null : grant.expiresAt,
      })),
      ...pageFacts(shown, found.total),
    };
  },

  async endGrant({ params }, { platform, principal }) {
    const [ended] = await withTenant(platform.database, principal, [
      revokeConnectedAgent(params.grant),
    ] as const);
    if (!ended.ok) throw new Refusal('not_found', 'There is no such connected agent.');
    platform.publish(principal.tenantId, { kind: 'access', user: null });
  },
};
