import { html } from 'hono/html';
import type { AuditEntry } from '../database/audit-events.ts';
import type { Member } from '../database/members.ts';
import type { Session } from '../people/session.ts';
import { browserName } from './browser-name.ts';
import { type Markup, message, showPage } from './frame.ts';
import { second } from './moment.ts';

export interface AuditPage {
  readonly session: Session;
  /** The teams that the person administers. */
  readonly teams: Session['tenants'];
  /** The team whose log is shown; null for who administers none. */
  readonly tenantId: string | null;
  readonly rows: readonly AuditEntry[];
  readonly cursor: string | null;
  /** The address' parameters, without `after`. */
  readonly asked: URLSearchParams;
  readonly members: readonly Member[];
  readonly problem?: string | undefined;
}

const OUTCOMES = ['ok', 'refused', 'error'];

/** What happened in a team: who, by what, from where, on what, and how it ended; or the story of one agent, call by call. */
export function auditPage(page: AuditPage): Promise<Response> {
  const { session, tenantId, rows, problem } = page;
  return showPage({
    title: 'Audit log',
    viewer: session,
    here: '/audit',
    isBroad: true,
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}
${
  tenantId === null
    ? html`<p class="dim">The audit log of a team is for its admins and owners.</p>`
    : html`<p>Everything that people, tokens and agents did in the team, or were refused. Nobody can change or remove it; that you read it is in it too.
<a href="/audit/${tenantId}/export">Take all of it away with its proof</a>: <code>./causeway audit verify</code> finds what was changed since. <a href="/audit/sinks">Send it elsewhere</a> as well.</p>
${filterForm(page, tenantId)}
${rows.length > 0 ? eventsPanel(page, tenantId) : problem === undefined ? html`<p class="dim">No event fits.</p>` : ''}`
}`,
  });
}

function filterForm({ teams, asked, members }: AuditPage, tenantId: string): Markup {
  const value = (name: string): string => asked.get(name) ?? '';
  const chosen = (name: string, option: string) => (value(name) === option ? html` selected` : '');
  const kept = ['credential', 'client', 'call'].filter((name) => value(name) !== '');
  return html`<form class="panel filter" method="get" action="/audit" aria-label="Filter">
${
  teams.length === 1
    ? html`<input type="hidden" name="team" value="${tenantId}">`
    : html`<div class="field"><label for="team">Team</label><select id="team" name="team">${teams.map(
        (team) =>
          html`<option value="${team.tenantId}"${team.tenantId === tenantId ? html` selected` : ''}>${team.name}</option>`,
      )}</select></div>`
}<div class="field"><label for="person">Person</label><select id="person" name="person"><option value="">everybody</option>${members.map(
    ({ userId, name }) => html`<option value="${userId}"${chosen('person', userId)}>${name}</option>`,
  )}</select></div>
<div class="field"><label for="action">Action</label><input id="action" name="action" maxlength="60" placeholder="tool.call" value="${value('action')}"></div>
<div class="field"><label for="outcome">Outcome</label><select id="outcome" name="outcome"><option value="">any</option>${OUTCOMES.map(
    (outcome) => html`<option value="${outcome}"${chosen('outcome', outcome)}>${outcome}</option>`,
  )}</select></div>
<div class="field"><label for="from">From (UTC)</label><input id="from" name="from" type="datetime-local" value="${value('from')}"></div>
<div class="field"><label for="until">Until (UTC)</label><input id="until" name="until" type="datetime-local" value="${value('until')}"></div>
<label class="choice"><input type="checkbox" name="order" value="oldest"${value('order') === 'oldest' ? html` checked` : ''}> Oldest first</label>
${kept.map(
  (name) =>
    html`<label class="choice"><input type="checkbox" name="${name}" value="${value(name)}" checked> Only <code class="id">${value(name)}</code></label>`,
)}<button>Show</button></form>`;
}

function eventsPanel(page: AuditPage, tenantId: string): Markup {
  const { rows, cursor, asked } = page;
  const isStory = asked.get('order') === 'oldest';
  return html`<section class="panel" aria-labelledby="log"><h2 id="log">${isStory ? 'Oldest first' : 'Newest first'}</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="log"><table>
<thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Outcome</th><th scope="col">From</th></tr></thead>
<tbody>${rows.map((row) => eventRow(page, tenantId, row))}</tbody></table></div>
${cursor === null ? '' : html`<p><a href="${addressOf(page, tenantId, { after: cursor })}">${isStory ? 'Later ones' : 'Older ones'}</a></p>`}</section>`;
}

function eventRow(page: AuditPage, tenantId: string, row: AuditEntry): Markup {
  const { credentialId, credentialName, credentialKind, requestId } = row;
  const story = { credential: credentialId ?? '', order: 'oldest' };
  const code = row.details.code;
  return html`<tr><td>${second(row.occurredAt)}${row.leafIndex === null ? '' : html`<br><span class="dim">entry ${row.leafIndex}</span>`}</td>
<td>${row.userName ?? ''}<br>${
    credentialId === null
      ? html`<span class="dim">${credentialKind}</span>`
      : html`<a href="${addressOf(page, tenantId, story)}" title="its story, call by call">${credentialName ?? credentialKind}</a>`
  }</td>
<td>${row.action}<br><code class="id">${row.targetId ?? row.targetKind}</code>${detailsOf(row)}${
    requestId === null
      ? ''
      : html`<br><a href="${addressOf(page, tenantId, { call: requestId, order: 'oldest' })}">all of this call</a>`
  }</td>
<td>${row.outcome === 'ok' ? 'ok' : html`<span class="badge bad">${typeof code === 'string' ? code : row.outcome}</span>`}</td>
<td>${row.address ?? 'unknown'}<br><span class="dim">${browserName(row.userAgent)}</span></td></tr>`;
}

const DETAILS_CHARS_MAX = 200;

function detailsOf({ details }: AuditEntry): Markup | '' {
  const { code: _, ...rest } = details;
  const text = JSON.stringify(rest);
  if (text === '{}') return '';
  return html`<br><span class="dim details">${text.length > DETAILS_CHARS_MAX ? `${text.slice(0, DETAILS_CHARS_MAX)}…` : text}</span>`;
}

/** The page's own address with other parameters. */
function addressOf({ asked }: AuditPage, tenantId: string, change: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams(asked);
  for (const [name, value] of Object.entries({ team: tenantId, ...change })) parameters.set(name, value);
  return `/audit?${parameters}`;
}
