import { html } from 'hono/html';
import type { AdministeredProject } from '../database/project-members.ts';
import type { Session } from '../people/session.ts';
import type { AgentSees } from '../sight/agent-sees.ts';
import { type Markup, message, showPage } from './frame.ts';
import { agentSeesForm } from './project-inside.ts';

/** A page of the projects of one of the person's teams. */
export interface TeamOfProjects {
  readonly tenantId: string;
  readonly name: string;
  readonly rows: readonly AdministeredProject[];
  readonly total: number;
  readonly cursor: string | null;
  /** What agents see of data that comes to the team; null for who does not administer it. */
  readonly agentSees: AgentSees | null;
}

/** The projects of each of the person's teams that they see, or may say who works on. */
export function projectsPage(
  session: Session,
  teams: readonly TeamOfProjects[],
  done?: string,
): Promise<Response> {
  return showPage({
    title: 'Projects',
    viewer: session,
    here: '/projects',
    isBroad: true,
    body: html`${done === undefined ? '' : message('done', done)}<p>Agents create projects and work on them. Here is who works on which: everybody in the team on an open one, on a restricted one those alone who have a role there.</p>
${teams.length === 0 ? html`<p class="dim">You belong to no team.</p>` : teams.map((team) => teamPanel(session, team))}`,
  });
}

function teamPanel(
  session: Session,
  { tenantId, name, rows, total, cursor, agentSees }: TeamOfProjects,
): Markup {
  const action = `/projects/${tenantId}/agent-sees`;
  const form =
    agentSees === null ? '' : agentSeesForm(session, action, agentSees, `Of new data in ${name}, agents see`);
  if (total === 0)
    return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}">${name}</h2>
<p class="dim">No project yet. Ask your agent to create one.</p>${form}</section>`;
  return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}">${name}</h2>
<p class="dim">${total === 1 ? 'One project' : `${total} projects`}</p>
<div class="scroll" tabindex="0" role="group" aria-labelledby="${tenantId}"><table>
<thead><tr><th scope="col">Project</th><th scope="col">You may</th><th scope="col">With a role</th></tr></thead>
<tbody>${rows.map((project) => projectRow(tenantId, project))}</tbody></table></div>
${cursor === null ? '' : html`<p><a href="/projects?team=${tenantId}&amp;after=${cursor}">More projects of ${name}</a></p>`}${form}</section>`;
}

function projectRow(tenantId: string, project: AdministeredProject): Markup {
  const { name, restricted, archived, members } = project;
  return html`<tr><td><a href="/projects/${tenantId}/${project.project}"><bdi>${name}</bdi></a>${restricted ? html` <span class="badge">restricted</span>` : ''}${archived ? html` <span class="badge">archived</span>` : ''}<br><code class="id">${project.project}</code></td>
<td>${mayOf(project)}</td><td>${members}</td></tr>`;
}

/** What the person may do on a project. An admin of the team without a role says who works on it and does not see inside. */
export function mayOf({ role, administers }: Pick<AdministeredProject, 'role' | 'administers'>): string {
  if (role === null) return 'say who works on it, not see inside';
  const work = role === 'viewer' ? 'read it' : 'change and run it';
  return administers ? `${work}, and say who works on it` : work;
}
