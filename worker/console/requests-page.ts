import { html } from 'hono/html';
import { describeQuantity } from '../../protocol/describe-quantity.ts';
import type { Member } from '../database/members.ts';
import type { LoggedRequest } from '../database/token-uses.ts';
import type { Session } from '../people/session.ts';
import { browserName } from './browser-name.ts';
import { type Markup, message, showPage } from './frame.ts';
import { second } from './moment.ts';

export interface RequestsPage {
  readonly session: Session;
  /** The team whose log is shown; null for who belongs to none. */
  readonly tenantId: string | null;
  readonly rows: readonly LoggedRequest[];
  readonly cursor: string | null;
  /** The address' parameters, without `after`. */
  readonly asked: URLSearchParams;
  /** Whom an admin may choose from; empty for who sees their own requests alone. */
  readonly members: readonly Member[];
  readonly problem?: string | undefined;
}

/** What was asked with tokens and by agents; for admins and owners of everybody, for others in their own name. */
export function requestsPage(page: RequestsPage): Promise<Response> {
  const { session, tenantId, rows, members, problem } = page;
  return showPage({
    title: 'Requests',
    viewer: session,
    here: '/requests',
    isBroad: true,
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}
${
  tenantId === null
    ? html`<p class="dim">You belong to no team.</p>`
    : html`<p>Every request with an API token or by a connected agent${members.length === 0 ? ' in your name' : ''}, a second after it ended, for 90 days. Neither arguments nor content are kept.</p>
${filterForm(page, tenantId)}
${rows.length > 0 ? requestsPanel(page, tenantId) : problem === undefined ? html`<p class="dim">No request fits.</p>` : ''}`
}`,
  });
}

function filterForm({ session, asked, members }: RequestsPage, tenantId: string): Markup {
  const value = (name: string): string => asked.get(name) ?? '';
  const credential = value('credential');
  return html`<form class="panel filter" method="get" action="/requests" aria-label="Filter">
${
  session.tenants.length === 1
    ? html`<input type="hidden" name="team" value="${tenantId}">`
    : html`<div class="field"><label for="team">Team</label><select id="team" name="team">${session.tenants.map(
        (tenant) =>
          html`<option value="${tenant.tenantId}"${tenant.tenantId === tenantId ? html` selected` : ''}>${tenant.name}</option>`,
      )}</select></div>`
}${
  members.length === 0
    ? ''
    : html`<div class="field"><label for="person">Person</label><select id="person" name="person"><option value="">everybody</option>${members.map(
        ({ userId, name }) =>
          html`<option value="${userId}"${userId === value('person') ? html` selected` : ''}>${name}</option>`,
      )}</select></div>`
}<div class="field"><label for="from">From (UTC)</label><input id="from" name="from" type="datetime-local" value="${value('from')}"></div>
<div class="field"><label for="until">Until (UTC)</label><input id="until" name="until" type="datetime-local" value="${value('until')}"></div>
<div class="field"><label for="trace">Trace</label><input id="trace" name="trace" maxlength="32" value="${value('trace')}"></div>
<label class="choice"><input type="checkbox" name="refused" value="yes"${value('refused') === 'yes' ? html` checked` : ''}> Only what was refused or failed</label>
${credential === '' ? '' : html`<label class="choice"><input type="checkbox" name="credential" value="${credential}" checked> Only <code class="id">${credential}</code></label>`}
<button>Show</button></form>`;
}

function requestsPanel(page: RequestsPage, tenantId: string): Markup {
  const { rows, cursor } = page;
  return html`<section class="panel" aria-labelledby="log"><h2 id="log">Newest first</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="log"><table>
<thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Asked</th><th scope="col">Answer</th><th scope="col">From</th></tr></thead>
<tbody>${rows.map((row) => requestRow(page, tenantId, row))}</tbody></table></div>
${cursor === null ? '' : html`<p><a href="${addressOf(page, tenantId, { after: cursor })}">Older ones</a></p>`}</section>`;
}

function requestRow(page: RequestsPage, tenantId: string, row: LoggedRequest): Markup {
  if (row.outcome === 'dropped')
    return html`<tr><td>${second(row.occurredAt)}</td><td colspan="4">${row.dropped} more that found no room in the log</td></tr>`;
  const { credentialId, credentialName } = row;
  return html`<tr><td>${second(row.occurredAt)}</td>
<td>${row.userName ?? ''}<br><a href="${addressOf(page, tenantId, { credential: credentialId ?? '' })}">${credentialName ?? credentialId}</a></td>
<td>${row.target ?? ''}<br><span class="dim">${row.method}</span>${row.traceId === null ? '' : html`<br><a href="${addressOf(page, tenantId, { trace: row.traceId })}">its trace</a>`}</td>
<td>${row.outcome === 'ok' ? 'ok' : html`<span class="badge bad">${row.reason ?? row.outcome}</span>`}<br><span class="dim">${row.latencyMs} ms${row.answerBytes === null ? '' : html`, ${describeQuantity(row.answerBytes, 'bytes')}`}</span></td>
<td>${row.address ?? 'unknown'}<br><span class="dim">${browserName(row.userAgent)}</span></td></tr>`;
}

/** The page's own address with another parameter. */
function addressOf(
  { asked }: RequestsPage,
  tenantId: string,
  change: Readonly<Record<string, string>>,
): string {
  const parameters = new URLSearchParams(asked);
  for (const [name, value] of Object.entries({ team: tenantId, ...change })) parameters.set(name, value);
  return `/requests?${parameters}`;
}
