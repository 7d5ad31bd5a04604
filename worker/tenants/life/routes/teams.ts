import type { Context } from 'hono';
import { CallRecord } from '../../../audit/call-record.ts';
import { pageEvent } from '../../../audit/page-event.ts';
import { teamsPage } from '../../../console/teams-page.ts';
import type { AppEnv } from '../../../http/app-env.ts';
import { Refusal } from '../../../http/refusal.ts';
import { personPrincipal } from '../../../people/person.ts';
import { asPage } from '../../../people/routes/as-page.ts';
import { readPosted } from '../../../people/routes/posted.ts';
import { problemOf } from '../../../people/routes/problem.ts';
import { seeOther } from '../../../people/see-other.ts';
import { requireSession, type Session } from '../../../people/session.ts';
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
export const showTeams = asPage(async (context) => {
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  return page(context, session);
});

/** `GET /teams/:tenant/export`: everything of the team, as one archive. */
export const downloadTeam = asPage(async (context) => {
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  const tenant = context.req.param('tenant') ?? '';
  const record = new CallRecord(await pageEvent(EXPORT_PATH, {}));
  const principal = { ...personPrincipal(session, tenant, context.get('call')), record };
  const body = await exportTenant(context.get('platform'), principal);
  return new Response(body, {
    headers: {
      'content-type': 'application/x-tar',
      'content-disposition': `attachment; filename="team-${tenant}.tar"`,
      'cache-control': 'no-store',
    },
  });
});

export const deleteTeam = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const { session, form } = posted;
  const principal = personPrincipal(session, context.req.param('tenant') ?? '', context.get('call'));
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

export const keepTeam = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const { session } = posted;
  const tenant = context.req.param('tenant') ?? '';
  const own = session.tenants.find(({ tenantId }) => tenantId === tenant);
  if (own !== undefined && own.role !== 'owner')
    throw new Refusal('insufficient_role', 'This is for owners of the team.');
  await keepTenant(context.get('platform'), session, tenant, context.get('call'));
  return seeOther(`${PATH}?done=kept`);
});

export const setTeamRetention = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const { session, form } = posted;
  const principal = personPrincipal(session, context.req.param('tenant') ?? '', context.get('call'));
  const parsed = parseRetentionWish((kind) => form.get(kind) ?? undefined);
  if (!parsed.ok) return page(context, session, 'Choose one of the times that are offered.');
  await changeRetention(context.get('platform'), principal, parsed.wish);
  return seeOther(`${PATH}?done=retention`);
});

async function page(context: Context<AppEnv>, session: Session, problem?: string): Promise<Response> {
  const done = DONE[context.req.query('done') ?? ''];
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
    ...(problem === undefined ? {} : { problem }),
    ...(done === undefined ? {} : { done }),
  });
}
