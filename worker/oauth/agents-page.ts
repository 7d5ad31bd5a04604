import { html } from 'hono/html';
import { confirmation } from '../console/confirmation.ts';
import { type Markup, message, showPage } from '../console/frame.ts';
import { moment } from '../console/moment.ts';
import type { ConnectedAgent } from '../database/oauth-grants.ts';
import { SCOPES, type Scope } from '../mcp/scopes.ts';
import type { Session } from '../people/session.ts';

/** The agents of one team that this person may see. */
export interface TeamOfAgents {
  readonly tenantId: string;
  readonly name: string;
  readonly agents: readonly ConnectedAgent[];
}

/** The agents that somebody let in, what each may do, and the way to end it; an admin sees those of the whole team. */
export function agentsPage(session: Session, teams: readonly TeamOfAgents[]): Promise<Response> {
  const withAgents = teams.filter(({ agents }) => agents.length > 0);
  return showPage({
    title: 'Connected agents',
    viewer: session,
    here: '/agents',
    isBroad: true,
    body:
      withAgents.length === 0
        ? message(
            'done',
            'No agent is connected. Add the address of this server to your agent to connect one.',
          )
        : html`<p class="dim">Whatever you end here is refused from its next request on.</p>${withAgents.map((team) => teamPanel(session, team))}`,
  });
}

function teamPanel(session: Session, team: TeamOfAgents): Markup {
  return html`<section class="panel" aria-labelledby="${team.tenantId}"><h2 id="${team.tenantId}">${team.name}</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="${team.tenantId}"><table>
<thead><tr><th scope="col">Agent</th><th scope="col">For</th><th scope="col">May</th><th scope="col">Connected</th><th scope="col">Last used</th><th scope="col"><span class="dim">End</span></th></tr></thead>
<tbody>${team.agents.map((agent) => agentRow(session, team, agent))}</tbody></table></div></section>`;
}

function agentRow(session: Session, { tenantId }: TeamOfAgents, agent: ConnectedAgent): Markup {
  const isDocument = agent.clientId.startsWith('http');
  return html`<tr><td><bdi>${agent.clientName}</bdi>${isDocument ? html`<br><span class="dim">${new URL(agent.clientId).host}</span>` : ''}</td>
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
