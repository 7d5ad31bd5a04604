import { html } from 'hono/html';
import type { Account } from '../database/sessions.ts';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { browserName } from './browser-name.ts';
import { currentPasswordField, newPasswordField } from './fields.ts';
import { type Markup, message, showPage } from './frame.ts';
import { moment } from './moment.ts';
import { noticeText } from './notices-page.ts';
import { signInsTable } from './sign-ins-table.ts';

export interface AccountPage {
  readonly session: Session;
  readonly account: Account;
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A person's own page: teams, sessions, the last sign-ins, and the password. */
export function accountPage({
  session,
  account,
  problem,
  done,
  status,
  headers = {},
}: AccountPage): Promise<Response> {
  return showPage({
    title: 'Your account',
    viewer: session,
    here: '/account',
    ...(status === undefined ? {} : { status }),
    headers,
    body: html`${problem === undefined ? '' : message('problem', problem)}${done === undefined ? '' : message('done', done)}
${account.notices.map(noticeText)}
<p>${session.userName} <span class="dim">${session.userEmail}</span></p>
${teams(session)}
${sessions(session, account)}
${passwordForm(session)}
${signIns(account)}`,
  });
}

function teams({ tenants }: Session): Markup {
  if (tenants.length === 0) return html`<p class="dim">You belong to no team.</p>`;
  return html`<section class="panel" aria-labelledby="teams"><h2 id="teams">Teams</h2>
<ul class="plain">${tenants.map(({ name, role }) => html`<li>${name} <span class="badge">${role}</span></li>`)}</ul></section>`;
}

function sessions(session: Session, { sessions: open }: Account): Markup {
  return html`<section class="panel" aria-labelledby="sessions"><h2 id="sessions">Where you are signed in</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="sessions"><table>
<thead><tr><th scope="col">Browser</th><th scope="col">Address</th><th scope="col">Last used</th><th scope="col"><span class="dim">End</span></th></tr></thead>
<tbody>${open.map(
    (
      row,
    ) => html`<tr><td>${browserName(row.userAgent)}${row.isCurrent ? html` <span class="badge">this one</span>` : ''}</td>
<td>${row.address ?? 'unknown'}</td><td>${moment(row.lastSeenAt)}</td>
<td>${row.isCurrent ? '' : html`<form method="post" action="/account/sessions/${row.sessionId}/end">${csrfField(session)}<button class="quiet" aria-label="End the session last used ${row.lastSeenAt}">End</button></form>`}</td></tr>`,
  )}</tbody></table></div>
${open.length > 1 ? html`<form method="post" action="/account/sessions/end-others">${csrfField(session)}<button>End all others</button></form>` : ''}
</section>`;
}

function passwordForm(session: Session): Markup {
  return html`<section class="panel" aria-labelledby="password"><h2 id="password">Password</h2>
<p class="dim">Changing it ends your sessions everywhere else.</p>
<form method="post" action="/account/password">${csrfField(session)}
<input type="hidden" name="username" autocomplete="username" value="${session.userEmail}">
${currentPasswordField('current_password', 'Current password')}
${newPasswordField()}
<button class="primary">Change password</button></form></section>`;
}

function signIns({ events }: Account): Markup {
  return html`<section class="panel" aria-labelledby="events"><h2 id="events">What happened lately</h2>
${signInsTable('events', events)}</section>`;
}
