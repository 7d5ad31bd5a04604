import type { Context } from 'hono';
import { readerByRole, recordedReader } from '../../audit/recorded-reader.ts';
import { membersPage, type TeamOfMembers } from '../../console/members-page.ts';
import { signInsPage } from '../../console/sign-ins-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { TENANT_ROLES } from '../../tenants/roles.ts';
import { changeRole } from '../change-role.ts';
import { listMembers } from '../list-members.ts';
import { listSignIns } from '../list-sign-ins.ts';
import { removeMember } from '../remove-member.ts';
import { seeOther } from '../see-other.ts';
import type { Session } from '../session.ts';
import { personForm, personPage, principalHere, teamsHere } from './person-page.ts';
import { problemOf } from './problem.ts';

const PATH = '/members';
const ROWS = 50;
const DONE: Readonly<Record<string, string>> = {
  role: 'The role is changed, from the next request on.',
  removed: 'Removed. Their tokens and agents in the team have ended.',
  left: 'You have left the team.',
};

export const showMembers = personPage(PATH, page);

/** Changes a role; the page again, with a sentence, where the database does not admit it. */
export const changeMemberRole = personForm(PATH, async (context, session, form) => {
  const role = TENANT_ROLES.find((known) => known === form.get('role'));
  if (role === undefined) return page(context, session, 'Choose a role.');
  try {
    await changeRole(context.get('platform'), principalHere(context, session), {
      user: context.req.param('user') ?? '',
      role,
    });
  } catch (error) {
    return page(context, session, problemOf(error));
  }
  return seeOther(`${PATH}?done=role`);
});

/** Ends a membership; one's own too. */
export const endMember = personForm(PATH, async (context, session) => {
  const user = context.req.param('user') ?? '';
  try {
    await removeMember(context.get('platform'), principalHere(context, session), user);
  } catch (error) {
    return page(context, session, problemOf(error));
  }
  return seeOther(`${PATH}?done=${user === session.userId ? 'left' : 'removed'}`);
});

export const showSignIns = personPage(PATH, async (context, session) => {
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

async function page(context: Context<AppEnv>, session: Session, problem?: string): Promise<Response> {
  const platform = context.get('platform');
  const { teams, cursor } = teamsHere(context, session);
  const shown = teams.map(async (team): Promise<TeamOfMembers> => {
    const principal = await readerByRole(session, team, context.get('call'), PATH);
    return { ...team, ...(await listMembers(platform, principal, { limit: ROWS, cursor })) };
  });
  const done = DONE[context.req.query('done') ?? ''];
  return membersPage({ session, teams: await Promise.all(shown), problem, done });
}
