import { EntryRefused } from '../../database/database.ts';
import { listConnectedAgents, revokeConnectedAgent } from '../../database/oauth-grants.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { Refusal } from '../../http/refusal.ts';
import { checkCsrf } from '../../people/csrf.ts';
import { personPrincipal, withTenantOfPerson } from '../../people/person.ts';
import { readForm } from '../../people/read-form.ts';
import { asPage } from '../../people/routes/as-page.ts';
import { seeOther } from '../../people/see-other.ts';
import { requireSession } from '../../people/session.ts';
import { agentsPage, type TeamOfAgents } from '../agents-page.ts';

const PATH = '/agents';

/** `GET /agents`: the connected agents of each of the person's teams. */
export const showAgents = asPage(async (context) => {
  const { database } = context.get('platform');
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  const teams = await Promise.all(
    session.tenants.map(async ({ tenantId, name }): Promise<TeamOfAgents> => {
      try {
        const principal = personPrincipal(session, tenantId, context.get('call'));
        const [agents] = await withTenant(database, principal, [listConnectedAgents()] as const);
        return { tenantId, name, agents };
      } catch (error) {
        // A suspended team shows nothing, and hides none of the others.
        if (error instanceof EntryRefused) return { tenantId, name, agents: [] };
        throw error;
      }
    }),
  );
  return agentsPage(session, teams);
});

/** `POST /agents/:tenant/:grant/end`: one's own agent, or as an admin anybody's of the team. */
export const endAgent = asPage(async (context) => {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw, platform.publicUrl);
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  checkCsrf(form, session);
  const principal = personPrincipal(session, context.req.param('tenant') ?? '', context.get('call'));
  const [ended] = await withTenantOfPerson(platform, principal, [
    revokeConnectedAgent(context.req.param('grant') ?? ''),
  ] as const);
  if (!ended.ok) throw new Refusal('not_found', 'There is no such connected agent.');
  // An admin may end anybody's, so each stream of the team looks whether it is that one.
  platform.publish(principal.tenantId, { kind: 'access', user: null });
  return seeOther(PATH);
});
