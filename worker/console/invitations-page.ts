import { html } from 'hono/html';
import { csrfField } from '../people/csrf.ts';
import type { ShownInvitation } from '../people/invite.ts';
import type { Session } from '../people/session.ts';
import { isAdministrator, TENANT_ROLES, type TenantRole } from '../tenants/roles.ts';
import { type Markup, message, showPage } from './frame.ts';
import { moment } from './moment.ts';

export interface InvitationsPage {
  readonly session: Session;
  readonly invitations: readonly ShownInvitation[];
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
}

/** The open invitations of the teams that somebody administers, with their links, and the form for another. */
export function invitationsPage({ session, invitations, problem, done }: InvitationsPage): Promise<Response> {
  const administered = session.tenants.filter(({ role }) => isAdministrator(role));
  return showPage({
    title: 'Invitations',
    viewer: session,
    here: '/invitations',
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}${done === undefined ? '' : message('done', done)}
${
  administered.length === 0
    ? html`<p>Only admins and owners of a team invite people to it.</p>`
    : html`${openInvitations(session, invitations)}${inviteForm(session, administered)}`
}`,
  });
}

function openInvitations(session: Session, invitations: readonly ShownInvitation[]): Markup {
  if (invitations.length === 0) return html`<p class="dim">No invitation is open.</p>`;
  return html`<section class="panel" aria-labelledby="open"><h2 id="open">Open</h2>
<p class="dim">Hand the link to that person alone. It works once.</p>
<div class="scroll" tabindex="0" role="group" aria-labelledby="open"><table>
<thead><tr><th scope="col">For</th><th scope="col">Team</th><th scope="col">Link</th><th scope="col">Until</th><th scope="col"><span class="dim">Withdraw</span></th></tr></thead>
<tbody>${invitations.map(
    (row) => html`<tr><td>${row.email} <span class="badge">${row.role}</span></td><td>${row.tenantName}</td>
<td>${link(row)}</td><td>${moment(row.expiresAt)}</td>
<td>${row.isWithinRole ? withdrawForm(session, row) : ''}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function link({ id, url, email, isWithinRole }: ShownInvitation): Markup {
  if (url !== null)
    return html`<code id="${id}">${url}</code> <button class="quiet" data-copy="${id}" aria-label="Copy the link of ${email}">Copy</button>`;
  return html`<span class="dim">${isWithinRole ? 'shown by the host’s shell' : 'shown to owners'}</span>`;
}

function withdrawForm(session: Session, { id, email }: ShownInvitation): Markup {
  return html`<form method="post" action="/invitations/${id}/withdraw">${csrfField(session)}<button class="quiet" aria-label="Withdraw the invitation of ${email}">Withdraw</button></form>`;
}

function inviteForm(session: Session, administered: Session['tenants']): Markup {
  return html`<section class="panel" aria-labelledby="invite"><h2 id="invite">Invite somebody</h2>
<form method="post" action="/invitations">${csrfField(session)}
<div class="field"><label for="tenant">Team</label><select id="tenant" name="tenant">${administered.map(
    ({ tenantId, name }) => html`<option value="${tenantId}">${name}</option>`,
  )}</select></div>
<div class="field"><label for="invitee">Email</label><input id="invitee" name="email" type="email" required maxlength="320" autocomplete="off"></div>
<div class="field"><label for="role">Role</label><select id="role" name="role">${rolesUpTo(administered).map(
    (role) => html`<option value="${role}"${role === 'member' ? html` selected` : ''}>${role}</option>`,
  )}</select></div>
<button class="primary">Make a link</button></form></section>`;
}

function rolesUpTo(administered: Session['tenants']): readonly TenantRole[] {
  return administered.some(({ role }) => role === 'owner')
    ? TENANT_ROLES
    : TENANT_ROLES.filter((role) => role !== 'owner');
}
