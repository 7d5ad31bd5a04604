import { readerByRole } from '../../audit/recorded-reader.ts';
import { EntryRefused } from '../../database/database.ts';
import { listConnectedAgents, revokeConnectedAgent } from '../../database/oauth-grants.ts';
import { selectClients } from '../../database/tenant-clients.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { Refusal } from '../../http/refusal.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import { requiredField } from '../../people/routes/field.ts';
import { personForm, personPage, principalHere } from '../../people/routes/person-page.ts';
import { seeOther } from '../../people/see-other.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { agentsPage, type TeamOfAgents } from '../agents-page.ts';
import { blockClient } from '../block-client.ts';
import { endClient } from '../end-client.ts';

const PATH = '/agents';

/** `GET /agents`: the connected agents of each of the person's teams. */
export const showAgents = personPage(PATH, async (context, session) => {
  const { database } = context.get('platform');
  const teams = await Promise.all(
    session.tenants.map(async (team): Promise<TeamOfAgents> => {
      const { tenantId, name } = team;
      try {
        const principal = await readerByRole(session, team, context.get('call'), PATH);
        const [agents, clients] = await withTenant(database, principal, [
          listConnectedAgents(),
          selectClients(),
        ] as const);
        return { tenantId, name, agents, clients };
      } catch (error) {
        // A suspended team shows nothing, and hides none of the others.
        if (error instanceof EntryRefused) return { tenantId, name, agents: [], clients: [] };
        throw error;
      }
    }),
  );
  return agentsPage(session, teams);
});

/** `POST /agents/:tenant/:grant/end`: one's own agent, or as an admin anybody's of the team. */
export const endAgent = personForm(PATH, async (context, session) => {
  const platform = context.get('platform');
  const principal = principalHere(context, session);
  const [ended] = await withTenantOfPerson(platform, principal, [
    revokeConnectedAgent(context.req.param('grant') ?? ''),
  ] as const);
  if (!ended.ok) throw new Refusal('not_found', 'There is no such connected agent.');
  // An admin may end anybody's, so each stream of the team looks whether it is that one.
  platform.publish(principal.tenantId, { kind: 'access', user: null });
  return seeOther(PATH);
});

/** A form of an admin that does something about a client for the whole team. */
function clientForm(
  change: (platform: Platform, principal: Principal, clientId: string) => Promise<unknown>,
) {
  return personForm(PATH, async (context, session, form) => {
    const principal = principalHere(context, session);
    await change(context.get('platform'), principal, requiredField(form, 'client'));
    return seeOther(PATH);
  });
}

export const endClientOfTeam = clientForm(endClient);
export const blockClientOfTeam = clientForm((platform, principal, clientId) =>
  blockClient(platform, principal, { clientId, blocked: true }),
);
export const unblockClientOfTeam = clientForm((platform, principal, clientId) =>
  blockClient(platform, principal, { clientId, blocked: false }),
);
