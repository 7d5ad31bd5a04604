import { html } from 'hono/html';
import { confirmation } from '../console/confirmation.ts';
import { type Markup, showPage } from '../console/frame.ts';
import { moment } from '../console/moment.ts';
import type { ConnectedAgent } from '../database/oauth-grants.ts';
import type { TenantClient } from '../database/tenant-clients.ts';
import type { Session } from '../people/session.ts';
import { SCOPES, type Scope } from '../tenants/scopes.ts';

/** The agents of one team that this person may see; `clients` are for its admins, and nothing to others. */
export interface TeamOfAgents {
  readonly tenantId: string;
  readonly name: string;
  readonly agents: readonly ConnectedAgent[];
  readonly clients: readonly TenantClient[];
}

/** The agents that somebody let in, what each may do, and the way to end it; an admin sees those of the whole team. */
export function agentsPage(session: Session, teams: readonly TeamOfAgents[]): Promise<Response> {
  const shown = teams.filter(({ agents, clients }) => agents.length + clients.length > 0);
  return showPage({
    title: 'Connected agents',
    viewer: session,
    here: '/agents',
    isBroad: true,
    body:
      shown.length === 0
        ? html`<p class="dim">No agent is connected. <a href="/">What to paste into yours</a></p>`
        : html`<p class="dim">Whatever you end here is refused from its next request on.</p>${shown.map((team) => teamPanel(session, team))}`,
  });
}

function teamPanel(session: Session, team: TeamOfAgents): Markup {
  const { tenantId, name, agents, clients } = team;
  return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}">${name}</h2>
${
  agents.length === 0
    ? html`<p class="dim">No agent is connected.</p>`
    : html`<div class="scroll" tabindex="0" role="group" aria-labelledby="${tenantId}"><table>
<thead><tr><th scope="col">Agent</th><th scope="col">For</th><th scope="col">May</th><th scope="col">Connected</th><th scope="col">Last used</th><th scope="col"><span class="dim">End</span></th></tr></thead>
<tbody>${agents.map((agent) => agentRow(session, team, agent))}</tbody></table></div>`
}
${clients.length === 0 ? '' : clientsTable(session, team)}</section>`;
}

function agentRow(session: Session, { tenantId }: TeamOfAgents, agent: ConnectedAgent): Markup {
  return html`<tr><td>${nameOf(agent.clientName, agent.clientId)}</td>
<td>${agent.userId === session.userId ? 'you' : agent.userName}</td>
<td>${agent.scopes.map((scope) => html`${SCOPES[scope as Scope] ?? scope}<br>`)}</td>
<td>${moment(agent.createdAt)}</td><td>${agent.lastUsedAt === null ? 'never' : html`${moment(agent.lastUsedAt)}<br><a href="/requests?team=${tenantId}&amp;credential=${agent.grantId}" aria-label="Requests of ${agent.clientName}">Requests</a>`}</td>
<td>${confirmation(session, {
    opens: 'End',
    of: agent.clientName,
    question: 'It is refused from its next request on, until somebody lets it in again.',
    action: `/agents/${tenantId}/${agent.grantId}/end`,
    button: `End ${agent.clientName}`,
  })}</td></tr>`;
}

/** What an admin does about a program for everybody of the team. */
function clientsTable(session: Session, team: TeamOfAgents): Markup {
  const id = `clients-${team.tenantId}`;
  return html`<h3 id="${id}">By program, for the whole team</h3>
<div class="scroll" tabindex="0" role="group" aria-labelledby="${id}"><table>
<thead><tr><th scope="col">Program</th><th scope="col">People</th><th scope="col">Agents</th><th scope="col">Blocked</th><th scope="col"><span class="dim">Change</span></th></tr></thead>
<tbody>${team.clients.map((client) => clientRow(session, team, client))}</tbody></table></div>`;
}

function clientRow(session: Session, { tenantId, name: team }: TeamOfAgents, client: TenantClient): Markup {
  const { clientId, name, people, agents, blockedAt } = client;
  const fields = html`<input type="hidden" name="client" value="${clientId}">`;
  const unblock = {
    opens: 'Unblock',
    of: name,
    question: `Members of ${team} may let it in again. What it had stays ended.`,
    action: `/agents/${tenantId}/unblock-client`,
    button: `Unblock ${name}`,
    fields,
  };
  const endAll = {
    opens: 'End all',
    of: `agents of ${name}`,
    question: `Every agent of it in ${team} is refused from its next request on. Members may let it in again.`,
    action: `/agents/${tenantId}/end-client`,
    button: `End all of ${name}`,
    fields,
  };
  const block = {
    opens: 'Block',
    of: name,
    question: `Every agent of it in ${team} ends, and nobody of ${team} can let it in until it is unblocked.`,
    action: `/agents/${tenantId}/block-client`,
    button: `Block ${name}`,
    fields,
  };
  return html`<tr><td>${nameOf(name, clientId)}</td><td>${people}</td><td>${agents}</td>
<td>${blockedAt === null ? 'no' : moment(blockedAt)}</td>
<td>${blockedAt === null ? html`${confirmation(session, endAll)}${confirmation(session, block)}` : confirmation(session, unblock)}</td></tr>`;
}

/** The name that a client gives itself, with the host that vouches for it, where one does. */
function nameOf(name: string, clientId: string): Markup {
  const isDocument = clientId.startsWith('http');
  return html`<bdi>${name}</bdi>${isDocument ? html`<br><span class="dim">${new URL(clientId).host}</span>` : ''}`;
}
