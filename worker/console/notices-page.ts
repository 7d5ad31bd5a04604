import { html } from 'hono/html';
import type { Account } from '../database/sessions.ts';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { type Markup, showPage } from './frame.ts';
import { moment } from './moment.ts';

/** Shows what an owner must know before going on, until they say that they have read it. */
export function noticesPage(page: {
  readonly session: Session;
  readonly notices: Account['notices'];
  readonly returnTo: string;
}): Promise<Response> {
  return showPage({
    title: 'Before you go on',
    viewer: page.session,
    body: html`${page.notices.map(noticeText)}
<form method="post" action="/notices">
${csrfField(page.session)}
<input type="hidden" name="return_to" value="${page.returnTo}">
<button class="primary">I have read this</button>
</form>`,
  });
}

/** One notice; its names are other people's text. */
export function noticeText({ kind, details, createdAt }: Account['notices'][number]): Markup {
  const who = `${details.name} (${details.email})`;
  const text = {
    recovery_created: html`The operator made a recovery link for <strong>${who}</strong> from the host's shell. Whoever holds it can set a new password for that account once, within half an hour.`,
    recovery_used: html`The recovery link for <strong>${who}</strong> was used: the account has a new password, and all its sessions have ended.`,
  }[kind];
  return html`<div class="panel"><p>${text}</p><p class="dim">${moment(createdAt)}. If you did not expect this, ask the operator now.</p></div>`;
}
