import { html } from 'hono/html';
import type { Member } from '../database/members.ts';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { TENANT_ROLES, type TenantRole } from '../tenants/roles.ts';
import { confirmation } from './confirmation.ts';
import { type Markup, message, showPage } from './frame.ts';
import { day, moment } from './moment.ts';

/** A page of the members of one of the person's teams, with the person's own role in it. */
export interface TeamOfMembers {
  readonly tenantId: string;
  readonly name: string;
  readonly role: TenantRole;
  readonly rows: readonly Member[];
  readonly total: number;
  readonly cursor: string | null;
}

export interface MembersPage {
  readonly session: Session;
  readonly teams: readonly TeamOfMembers[];
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
}

/** Who belongs to each of the person's teams; for admins and owners with the ways to change that. */
export function membersPage({ session, teams, problem, done }: MembersPage): Promise<Response> {
  return showPage({
    title: 'Members',
    viewer: session,
    here: '/members',
    isBroad: true,
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}${done === undefined ? '' : message('done', done)}
${teams.length === 0 ? html`<p class="dim">You belong to no team.</p>` : teams.map((team) => teamPanel(session, team))}`,
  });
}

function teamPanel(session: Session, team: TeamOfMembers): Markup {
  const { tenantId, name, rows, total, cursor } = team;
  const isAdmin = mayAdminister(team.role);
  return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}">${name}</h2>
<p class="dim">${total === 1 ? 'One member' : `${total} members`}${isAdmin ? html`. <a href="/invitations">Invite somebody</a>` : ''}</p>
<div class="scroll" tabindex="0" role="group" aria-labelledby="${tenantId}"><table>
<thead><tr><th scope="col">Person</th><th scope="col">Role</th><th scope="col">Joined</th>${isAdmin ? html`<th scope="col">Last sign-in</th>` : ''}<th scope="col"><span class="dim">End</span></th></tr></thead>
<tbody>${rows.map((member) => memberRow(session, team, member))}</tbody></table></div>
${cursor === null ? '' : html`<p><a href="/members?team=${tenantId}&amp;after=${cursor}">More members of ${name}</a></p>`}</section>`;
}

function memberRow(session: Session, team: TeamOfMembers, member: Member): Markup {
  const isOwn = member.userId === session.userId;
  return html`<tr><td><bdi>${member.name}</bdi>${isOwn ? html` <span class="badge">you</span>` : ''}${member.status === 'disabled' ? html` <span class="badge">account closed</span>` : ''}<br><span class="dim">${member.email}</span></td>
<td>${roleCell(session, team, member)}</td><td>${day(member.joinedAt)}</td>
${mayAdminister(team.role) ? html`<td>${signInCell(team, member)}</td>` : ''}<td>${endCell(session, team, member)}</td></tr>`;
}

function roleCell(session: Session, team: TeamOfMembers, member: Member): Markup | string {
  const isOwn = member.userId === session.userId;
  if (!mayAdminister(team.role) || !mayTouch(team.role, member, isOwn)) return member.role;
  // Nobody raises themselves, so for oneself there are only the roles below.
  const roles = TENANT_ROLES.filter((role) => rank(role) < rank(team.role) || (!isOwn && role === team.role));
  const action = `/members/${team.tenantId}/${member.userId}/role`;
  const select = html`<select name="role" aria-label="Role of ${member.name}">${roles.map(
    (role) => html`<option value="${role}"${role === member.role ? html` selected` : ''}>${role}</option>`,
  )}</select>`;
  if (isOwn)
    return html`${member.role}${confirmation(session, {
      opens: 'Step down',
      of: `in ${team.name}`,
      question: 'Somebody else has to raise you again.',
      action,
      button: 'Change my role',
      fields: select,
    })}`;
  return html`<form class="inline" method="post" action="${action}">${csrfField(session)}${select}<button class="quiet" aria-label="Change the role of ${member.name}">Change</button></form>`;
}

function signInCell({ tenantId }: TeamOfMembers, { userId, name, lastSignInAt }: Member): Markup {
  const path = `/members/${tenantId}/${userId}/sign-ins`;
  return html`${lastSignInAt === null ? 'never' : moment(lastSignInAt)}<br><a href="${path}" aria-label="Sign-ins of ${name}">Sign-ins</a>`;
}

function endCell(session: Session, team: TeamOfMembers, member: Member): Markup | string {
  const isOwn = member.userId === session.userId;
  if (!isOwn && !mayTouch(team.role, member, isOwn)) return '';
  const action = `/members/${team.tenantId}/${member.userId}/remove`;
  return isOwn
    ? confirmation(session, {
        opens: 'Leave',
        of: team.name,
        question: `Your tokens and agents in ${team.name} end at once. Only an invitation brings you back.`,
        action,
        button: `Leave ${team.name}`,
      })
    : confirmation(session, {
        opens: 'Remove',
        of: member.name,
        question: `${member.name} loses ${team.name} at once, with all tokens and agents there. What they made stays.`,
        action,
        button: `Remove ${member.name}`,
      });
}

const rank = (role: TenantRole): number => TENANT_ROLES.indexOf(role);
const mayAdminister = (role: TenantRole): boolean => rank(role) >= rank('admin');

/** What the page offers. The database decides again, by the role at that moment. */
function mayTouch(own: TenantRole, member: Member, isOwn: boolean): boolean {
  return isOwn || (mayAdminister(own) && rank(own) >= rank(member.role));
}
