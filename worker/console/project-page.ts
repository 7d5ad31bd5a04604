import { html } from 'hono/html';
import type { ProjectMember, ProjectMembers } from '../database/project-members.ts';
import { PROJECT_ROLES, type ProjectRole } from '../database/projects.ts';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import type { ProjectInside } from '../projects/look-inside.ts';
import { confirmation } from './confirmation.ts';
import { type Markup, message, showPage } from './frame.ts';
import { day } from './moment.ts';
import { projectInside } from './project-inside.ts';
import { mayOf } from './projects-page.ts';

export interface ProjectPage {
  readonly session: Session;
  readonly tenantId: string;
  readonly project: string;
  readonly shown: Omit<ProjectMembers, 'rows'> & {
    readonly rows: readonly ProjectMember[];
    readonly cursor: string | null;
  };
  /** What it holds; null for who does not see inside. */
  readonly inside: ProjectInside | null;
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
}

/** What a project holds and who works on it; for its owners and the admins of the team with the ways to change that. */
export function projectPage(page: ProjectPage): Promise<Response> {
  const { session, shown, problem, done } = page;
  const path = `/projects/${page.tenantId}/${page.project}`;
  return showPage({
    title: shown.name,
    viewer: session,
    isBroad: true,
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}${done === undefined ? '' : message('done', done)}
<p class="dim">${page.project} · <a href="/projects">All projects</a></p>
<section class="panel" aria-labelledby="who-sees"><h2 id="who-sees">${shown.restricted ? 'Restricted' : 'Open'}</h2>
<p>${shown.restricted ? 'Those below see it; of everybody else only the admins of the team know that it is there.' : 'Everybody in the team works on it by their role in the team; a role here can only take away from that.'}${shown.archived ? ' It is archived: it can be read, and not be changed or run.' : ''} You may ${mayOf(shown)}.</p>
${shown.administers ? visibility(page, path) : ''}</section>
${page.inside === null ? '' : projectInside({ session, tenantId: page.tenantId, path, administers: shown.administers }, page.inside)}<section class="panel" aria-labelledby="members"><h2 id="members">Who has a role here</h2>
${shown.total === 0 ? html`<p class="dim">Nobody has one.</p>` : memberTable(page, path)}
${shown.administers ? addForm(page, path) : ''}</section>`,
  });
}

function visibility({ session, shown }: ProjectPage, path: string): Markup {
  const action = `${path}/visibility`;
  return shown.restricted
    ? confirmation(session, {
        opens: 'Open it',
        of: shown.name,
        question: 'Everybody in the team will see all of it: files, data, runs, and what is past.',
        action,
        button: `Open ${shown.name}`,
        fields: html`<input type="hidden" name="restricted" value="no">`,
      })
    : confirmation(session, {
        opens: 'Restrict it',
        of: shown.name,
        question:
          'Whoever has no role below loses it at once, with their agents and tokens. Runs under way end as they would.',
        action,
        button: `Restrict ${shown.name}`,
        fields: html`<input type="hidden" name="restricted" value="yes">`,
      });
}

function memberTable(page: ProjectPage, path: string): Markup {
  const { rows, cursor } = page.shown;
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="members"><table>
<thead><tr><th scope="col">Person</th><th scope="col">Role here</th><th scope="col">In the team</th><th scope="col">Since</th><th scope="col"><span class="dim">End</span></th></tr></thead>
<tbody>${rows.map((member) => memberRow(page, path, member))}</tbody></table></div>
${cursor === null ? '' : html`<p><a href="${path}?after=${cursor}">More people</a></p>`}`;
}

function memberRow({ session, shown }: ProjectPage, path: string, member: ProjectMember): Markup {
  const isOwn = member.user === session.userId;
  const end = confirmation(session, {
    opens: isOwn ? 'Leave' : 'Remove',
    of: isOwn ? shown.name : member.name,
    question: shown.restricted
      ? `${isOwn ? 'You lose' : `${member.name} loses`} sight of the project at once.`
      : `${isOwn ? 'You go' : `${member.name} goes`} on by the role in the team.`,
    action: `${path}/members/${member.user}/remove`,
    button: isOwn ? `Leave ${shown.name}` : `Remove ${member.name}`,
  });
  return html`<tr><td><bdi>${member.name}</bdi>${isOwn ? html` <span class="badge">you</span>` : ''}<br><span class="dim">${member.email}</span></td>
<td>${shown.administers ? roleForm(session, path, member) : member.role}</td><td>${member.tenant_role}</td><td>${day(member.since)}</td><td>${shown.administers || isOwn ? end : ''}</td></tr>`;
}

function roleForm(session: Session, path: string, { user, name, role }: ProjectMember): Markup {
  return html`<form class="inline" method="post" action="${path}/members/${user}/role">${csrfField(session)}<select name="role" aria-label="Role of ${name}">${roleOptions(role)}</select><button class="quiet" aria-label="Change the role of ${name}">Change</button></form>`;
}

function addForm({ session }: ProjectPage, path: string): Markup {
  return html`<h3>Give somebody a role</h3>
<form method="post" action="${path}/members">${csrfField(session)}
<div class="field"><label for="email">Email of a member of the team</label><input id="email" name="email" type="email" autocomplete="off" required maxlength="320"></div>
<div class="field"><label for="role">Role</label><select id="role" name="role" aria-describedby="role-hint">${roleOptions('editor')}</select>
<span class="hint" id="role-hint">Viewers read; editors change and run; owners also say who works on it. Nobody may more than their role in the team lets them.</span></div>
<button>Give the role</button></form>`;
}

function roleOptions(chosen: ProjectRole): Markup[] {
  return PROJECT_ROLES.map(
    (role) => html`<option value="${role}"${role === chosen ? html` selected` : ''}>${role}</option>`,
  );
}
