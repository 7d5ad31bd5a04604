import type { Context } from 'hono';
import { readerByRole } from '../../audit/recorded-reader.ts';
import { projectPage } from '../../console/project-page.ts';
import { projectsPage, type TeamOfProjects } from '../../console/projects-page.ts';
import { setAgentSees, setDefaultAgentSees, teamAgentSees } from '../../data/set-agent-sees.ts';
import { PROJECT_ROLES } from '../../database/projects.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { parseEmail } from '../../people/email.ts';
import { personForm, personPage, principalHere, teamsHere } from '../../people/routes/person-page.ts';
import { problemOf } from '../../people/routes/problem.ts';
import { seeOther } from '../../people/see-other.ts';
import type { Session } from '../../people/session.ts';
import type { Platform } from '../../platform.ts';
import { AGENT_SEES, type AgentSees } from '../../sight/agent-sees.ts';
import type { Principal } from '../../tenants/principal.ts';
import { isAdministrator } from '../../tenants/roles.ts';
import { lookInside } from '../look-inside.ts';
import { findMember } from '../members/find-member.ts';
import { listProjectMembers } from '../members/list-members.ts';
import { listAdministeredProjects } from '../members/list-projects.ts';
import { removeProjectMember } from '../members/remove-member.ts';
import { restrictProject } from '../members/restrict-project.ts';
import { setProjectMember } from '../members/set-member.ts';

const PATH = '/projects';
const PROJECT_PATH = `${PATH}/:tenant/:project`;
const ROWS = 50;
const DONE: Readonly<Record<string, string>> = {
  restricted: 'It is restricted to those who have a role here, from the next request on.',
  open: 'It is open to the team.',
  role: 'The role holds from the next request on.',
  removed: 'The role is taken, from the next request on.',
  agents: 'That is what agents see, from the next request on.',
};

export const showProjects = personPage(PATH, async (context, session) => {
  const { teams, cursor } = teamsHere(context, session);
  const shown = teams.map(async (team): Promise<TeamOfProjects> => {
    const { tenantId, name, role } = team;
    const principal = await readerByRole(session, team, context.get('call'), PATH);
    const page = { limit: ROWS, cursor, administeredOnly: false };
    const platform = context.get('platform');
    const [listed, agentSees] = await Promise.all([
      listAdministeredProjects(platform, principal, page),
      isAdministrator(role) ? teamAgentSees(platform, principal) : null,
    ]);
    return { tenantId, name, ...listed, agentSees };
  });
  return projectsPage(session, await Promise.all(shown), DONE[context.req.query('done') ?? '']);
});

export const showProject = personPage(PATH, page);

export const changeVisibility = change(async (platform, principal, project, form) => {
  const restricted = form.get('restricted') === 'yes';
  await restrictProject(platform, principal, { project, restricted });
  return restricted ? 'restricted' : 'open';
});

export const addMember = change(async (platform, principal, project, form) => {
  const email = parseEmail(form.get('email') ?? '');
  const user = email === null ? null : await findMember(platform, principal, email);
  if (user === null)
    throw new Refusal('invalid_arguments', 'Nobody in the team has this email.', {
      hint: 'An admin invites people to the team first.',
    });
  await setProjectMember(platform, principal, { project, user, role: roleIn(form) });
  return 'role';
});

export const changeMember = change(async (platform, principal, project, form, { user = '' }) => {
  await setProjectMember(platform, principal, { project, user, role: roleIn(form) });
  return 'role';
});

export const endMember = change(async (platform, principal, project, _form, { user = '' }) => {
  await removeProjectMember(platform, principal, { project, user });
  return 'removed';
});

/** What agents see of one source; the path names it. */
export const changeAgentSees = change(async (platform, principal, project, form, { source }) => {
  await setAgentSees(platform, principal, { project, name: source ?? '', agentSees: agentSeesIn(form) });
  return 'agents';
});

/** What agents see of data that comes to the project. */
export const changeDefaultAgentSees = change(async (platform, principal, project, form) => {
  await setDefaultAgentSees(platform, principal, { project, agentSees: agentSeesIn(form) });
  return 'agents';
});

/** The same for a whole team. */
export const changeTeamAgentSees = personForm(PATH, async (context, session, form) => {
  const principal = principalHere(context, session);
  const agentSees = agentSeesIn(form);
  await setDefaultAgentSees(context.get('platform'), principal, { project: null, agentSees });
  return seeOther(`${PATH}?done=agents`);
});

type Change = (
  platform: Platform,
  principal: Principal,
  project: string,
  form: URLSearchParams,
  named: Readonly<Record<string, string | undefined>>,
) => Promise<string>;

/** A form that changes who works on a project; the page again, with a sentence, where the database does not admit it. */
function change(work: Change) {
  return personForm(PATH, async (context, session, form) => {
    const named = context.req.param() as Record<string, string | undefined>;
    const { tenant = '', project = '', user } = named;
    const principal = principalHere(context, session);
    try {
      const done = await work(context.get('platform'), principal, project, form, named);
      // Who has just left a restricted project sees it no more.
      const isGone = done === 'removed' && user === session.userId;
      return seeOther(isGone ? PATH : `${PATH}/${tenant}/${project}?done=${done}`);
    } catch (error) {
      return page(context, session, problemOf(error));
    }
  });
}

function agentSeesIn(form: URLSearchParams): AgentSees {
  const sees = AGENT_SEES.find((known) => known === form.get('agent_sees'));
  if (sees === undefined) throw new Refusal('invalid_arguments', 'Choose what agents see.');
  return sees;
}

function roleIn(form: URLSearchParams) {
  const role = PROJECT_ROLES.find((known) => known === form.get('role'));
  if (role === undefined) throw new Refusal('invalid_arguments', 'Choose a role.');
  return role;
}

async function page(context: Context<AppEnv>, session: Session, problem?: string): Promise<Response> {
  const { tenant = '', project = '' } = context.req.param() as Record<string, string | undefined>;
  const role = session.tenants.find(({ tenantId }) => tenantId === tenant)?.role;
  const team = { tenantId: tenant, role };
  const principal = await readerByRole(session, team, context.get('call'), PROJECT_PATH, { project });
  const cursor = context.req.query('after');
  const runsCursor = context.req.query('runs_after');
  const platform = context.get('platform');
  const [shown, inside] = await Promise.all([
    listProjectMembers(platform, principal, { project, limit: ROWS, cursor }),
    lookInside(platform, principal, { project, runsCursor }),
  ]);
  const done = DONE[context.req.query('done') ?? ''];
  return projectPage({ session, tenantId: tenant, project, shown, inside, problem, done });
}
