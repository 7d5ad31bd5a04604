import type { Context } from 'hono';
import { readerByRole, recordedReader } from '../../audit/recorded-reader.ts';
import { membersPage, type TeamOfMembers } from '../../console/members-page.ts';
import { signInsPage } from '../../console/sign-ins-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { TENANT_ROLES } from '../../tenants/roles.ts';
import { changeRole } from '../change-role.ts';
import { listMembers } from '../list-members.ts';
import { listSignIns } from '../list-sign-ins.ts';
import { personPrincipal } from '../person.ts';
import { removeMember } from '../remove-member.ts';
import { seeOther } from '../see-other.ts';
import { requireSession, type Session } from '../session.ts';
import { asPage } from './as-page.ts';
import { readPosted } from './posted.ts';
import { problemOf } from './problem.ts';

const PATH = '/members';
const ROWS = 50;
const DONE: Readonly<Record<string, string>> = {
  role: 'The role is changed, from the next request on.',
  removed: 'Removed. Their tokens and agents in the team have ended.',
  left: 'You have left the team.',
};

export const showMembers = asPage(async (context) => {
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  return page(context, session);
});

/** Changes a role; the page again, with a sentence, where the database does not admit it. */
export const changeMemberRole = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const role = TENANT_ROLES.find((known) => known === posted.form.get('role'));
  if (role === undefined) return page(context, posted.session, 'Choose a role.');
  try {
    await changeRole(context.get('platform'), principalOf(context, posted.session), {
      user: context.req.param('user') ?? '',
      role,
    });
  } catch (error) {
    return page(context, posted.session, problemOf(error));
  }
  return seeOther(`${PATH}?done=role`);
});

/** Ends a membership; one's own too. */
export const endMember = asPage(async (context) => {
  const posted = await readPosted(context, PATH);
  if (posted instanceof Response) return posted;
  const user = context.req.param('user') ?? '';
  try {
    await removeMember(context.get('platform'), principalOf(context, posted.session), user);
  } catch (error) {
    return page(context, posted.session, problemOf(error));
  }
  return seeOther(`${PATH}?done=${user === posted.session.userId ? 'left' : 'removed'}`);
});

export const showSignIns = asPage(async (context) => {
  const session = await requireSession(context, PATH);
  if (session instanceof Response) return session;
  const user = context.req.param('user') ?? '';
  const tenantId = context.req.param('tenant') ?? '';
  const reading = { page: '/members/:tenant/:user/sign-ins', asked: { user } };
  const principal = await recordedReader(session, tenantId, context.get('call'), reading);
  const shown = await listSignIns(context.get('platform'), principal, {
    user,
    limit: ROWS,
    cursor: context.req.query('after'),
  });
  return signInsPage({ session, tenantId, shown });
});

function principalOf(context: Context<AppEnv>, session: Session) {
  return personPrincipal(session, context.req.param('tenant') ?? '', context.get('call'));
}

async function page(context: Context<AppEnv>, session: Session, problem?: string): Promise<Response> {
  const platform = context.get('platform');
  const done = DONE[context.req.query('done') ?? ''];
  const team = context.req.query('team');
  const asked = session.tenants.filter(({ tenantId }) => team === undefined || tenantId === team);
  if (team !== undefined && asked.length === 0) throw new Refusal('not_found', 'You belong to no such team.');
  const teams = await Promise.all(
    asked.map(async (tenant): Promise<TeamOfMembers> => {
      const principal = await readerByRole(session, tenant, context.get('call'), PATH);
      const cursor = team === undefined ? undefined : context.req.query('after');
      return { ...tenant, ...(await listMembers(platform, principal, { limit: ROWS, cursor })) };
    }),
  );
  return membersPage({
    session,
    teams,
    ...(problem === undefined ? {} : { problem }),
    ...(done === undefined ? {} : { done }),
  });
}
