import type { Context } from 'hono';
import { CallRecord } from '../../../audit/call-record.ts';
import { pageEvent } from '../../../audit/page-event.ts';
import { teamsPage } from '../../../console/teams-page.ts';
import type { AppEnv } from '../../../http/app-env.ts';
import { Refusal } from '../../../http/refusal.ts';
import { personPrincipal } from '../../../people/person.ts';
import { personForm, personPage, principalHere } from '../../../people/routes/person-page.ts';
import { problemOf } from '../../../people/routes/problem.ts';
import { seeOther } from '../../../people/see-other.ts';
import type { Session } from '../../../people/session.ts';
import { exportTenant } from '../../export/export-tenant.ts';
import { changeRetention, readRetention } from '../../retention/change-retention.ts';
import { parseRetentionWish } from '../../retention/parse-wish.ts';
import { keepTenant, listWaitingDeletions, requestTenantDeletion } from '../request-deletion.ts';

const PATH = '/teams';
const EXPORT_PATH = '/teams/:tenant/export';
const REASON_CHARS_MAX = 500;
const DONE: Readonly<Record<string, string>> = {
  deletion: 'The team is suspended, and deleted on the day below. Until then an owner may take that back.',
  kept: 'The team stays, and works again.',
  retention: 'What is over its time goes within two days.',
};

/** `GET /teams`: what an owner does with a team as a whole. */
export const showTeams = personPage(PATH, page);

/** `GET /teams/:tenant/export`: everything of the team, as one archive. */
export const downloadTeam = personPage(PATH, async (context, session) => {
  const tenant = context.req.param('tenant') ?? '';
  const record = new CallRecord(await pageEvent(EXPORT_PATH, {}));
  const principal = { ...principalHere(context, session), record };
  const body = await exportTenant(context.get('platform'), principal);
  return new Response(body, {
    headers: {
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="team-${tenant}.tar"`,
      'cache-control': 'no-store',
    },
  });
});

export const deleteTeam = personForm(PATH, async (context, session, form) => {
  const principal = principalHere(context, session);
  const reason = (form.get('reason') ?? '').trim().slice(0, REASON_CHARS_MAX);
  try {
    await requestTenantDeletion(context.get('platform'), principal, {
      name: (form.get('name') ?? '').trim(),
      reason: reason === '' ? null : reason,
    });
  } catch (error) {
    return page(context, session, problemOf(error));
  }
  return seeOther(`${PATH}?done=deletion`);
});

export const keepTeam = personForm(PATH, async (context, session) => {
  const tenant = context.req.param('tenant') ?? '';
  const own = session.tenants.find(({ tenantId }) => tenantId === tenant);
  if (own !== undefined && own.role !== 'owner')
    throw new Refusal('insufficient_role', 'This is for owners of the team.');
  await keepTenant(context.get('platform'), session, tenant, context.get('call'));
  return seeOther(`${PATH}?done=kept`);
});

export const setTeamRetention = personForm(PATH, async (context, session, form) => {
  const principal = principalHere(context, session);
  const parsed = parseRetentionWish((kind) => form.get(kind) ?? undefined);
  if (!parsed.ok) return page(context, session, 'Choose one of the times that are offered.');
  await changeRetention(context.get('platform'), principal, parsed.wish);
  return seeOther(`${PATH}?done=retention`);
});

async function page(context: Context<AppEnv>, session: Session, problem?: string): Promise<Response> {
  const platform = context.get('platform');
  const owned = session.tenants.filter(({ role }) => role === 'owner');
  const teams = await Promise.all(
    owned.map(async (team) => {
      const principal = personPrincipal(session, team.tenantId, context.get('call'));
      return { ...team, retention: await readRetention(platform, principal) };
    }),
  );
  return teamsPage({
    session,
    teams,
    waiting: await listWaitingDeletions(platform, session),
    problem,
    done: DONE[context.req.query('done') ?? ''],
  });
}
