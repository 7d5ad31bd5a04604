import { html } from 'hono/html';
import { DELETION_GRACE_MS } from '../../protocol/tenant-call.ts';
import type { Retention } from '../database/retention.ts';
import type { WaitingDeletion } from '../database/tenant-life.ts';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { confirmation } from './confirmation.ts';
import { type Markup, message, showPage } from './frame.ts';
import { moment } from './moment.ts';
import { retentionPanel } from './retention-panel.ts';

export interface TeamsPage {
  readonly session: Session;
  /** The teams that the person owns, and for how long each keeps what. */
  readonly teams: readonly (Session['tenants'][number] & { readonly retention: Retention })[];
  readonly waiting: readonly WaitingDeletion[];
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
}

const GRACE_DAYS = DELETION_GRACE_MS / 86_400_000;

/** What an owner does with a team as a whole: say how long it keeps things, take all of it away, delete it, and take that back. */
export function teamsPage({ session, teams, waiting, problem, done }: TeamsPage): Promise<Response> {
  return showPage({
    title: 'Teams',
    viewer: session,
    here: '/teams',
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}${done === undefined ? '' : message('done', done)}
${teams.length + waiting.length === 0 ? html`<p class="dim">You own no team.</p>` : ''}${waiting.map((team) => waitingPanel(session, team))}${teams.map((team) => teamPanel(session, team))}`,
  });
}

function waitingPanel(session: Session, { tenantId, name, dueAt, byOperator }: WaitingDeletion): Markup {
  return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}"><bdi>${name}</bdi> <span class="badge bad">to be deleted</span></h2>
<p>It is suspended, and deleted for good after ${moment(dueAt)}.</p>
${
  byOperator
    ? html`<p class="dim">The operator of this deployment asked for it; ask them to take it back.</p>`
    : html`<form method="post" action="/teams/${tenantId}/keep">${csrfField(session)}<button>Keep the team</button></form>`
}</section>`;
}

function teamPanel(session: Session, { tenantId, name, retention }: TeamsPage['teams'][number]): Markup {
  return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}"><bdi>${name}</bdi></h2>
<p><a href="/teams/${tenantId}/export">Take everything away</a> as one archive: projects with their history, data, runs with what they left, members, and the audit log with its proof. No secret is in it.</p>
${retentionPanel(session, { tenantId, name }, retention)}
<h3>Delete it</h3>
${confirmation(session, {
  opens: 'Delete the team',
  of: name,
  question: html`Everybody is locked out and every run ends at once. After ${GRACE_DAYS} days all of it is deleted for good: projects, data, runs, keys, hosts, and the accounts of people who belong to no other team. Until then an owner may take that back on this page.`,
  action: `/teams/${tenantId}/delete`,
  button: 'Delete the team',
  fields: html`<div class="field"><label for="name-${tenantId}">Write the name of the team</label><input id="name-${tenantId}" name="name" required maxlength="255" autocomplete="off"></div>
<div class="field"><label for="reason-${tenantId}">Why (it stands in the certificate)</label><input id="reason-${tenantId}" name="reason" maxlength="500"></div>`,
})}</section>`;
}
