import { html } from 'hono/html';
import type { Invitation } from '../database/invitations.ts';
import { type CsrfHolder, csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { newPasswordField } from './fields.ts';
import { type Markup, message, showPage } from './frame.ts';

export interface InvitationPage {
  readonly invitation: Invitation;
  /** The path of the page itself, where its forms go. */
  readonly path: string;
  /** Where somebody with an account signs in and comes back from. */
  readonly loginPath: string;
  readonly session: Session | null;
  readonly guard: CsrfHolder;
  readonly cookies: readonly string[];
  readonly problem?: string | undefined;
  readonly name?: string | undefined;
}

/** What a link invites to, and the two ways to accept: as somebody new, or with the account that one has. */
export function invitationPage(page: InvitationPage): Promise<Response> {
  const { invitation, session } = page;
  return showPage({
    title: `Join ${invitation.tenantName}`,
    viewer: session,
    cookies: page.cookies,
    ...(page.problem === undefined ? {} : { status: 422 }),
    body: html`${page.problem === undefined ? '' : message('problem', page.problem)}
<p>You are invited to <strong>${invitation.tenantName}</strong> as <strong>${invitation.role}</strong>, with the email <strong>${invitation.email}</strong>. The link works once.</p>
${session === null ? asSomebodyNew(page) : asMember(page, session)}`,
  });
}

function asMember({ invitation, path, guard }: InvitationPage, session: Session): Markup {
  if (session.userEmail !== invitation.email) {
    return html`<p>You are signed in as ${session.userEmail}. Sign out, then open the link again.</p>`;
  }
  return html`<form method="post" action="${path}" class="panel">${csrfField(guard)}
<button class="primary" name="as" value="member">Join ${invitation.tenantName}</button></form>`;
}

function asSomebodyNew({ path, guard, loginPath, name }: InvitationPage): Markup {
  return html`<form method="post" action="${path}" class="panel">
${csrfField(guard)}
<div class="field"><label for="name">Your name</label>
<input id="name" name="name" type="text" autocomplete="name" required maxlength="200" value="${name ?? ''}"></div>
${newPasswordField()}
<button class="primary" name="as" value="new">Create account and join</button>
</form>
<p>You have an account already? <a href="${loginPath}">Sign in</a> and join with it.</p>`;
}
