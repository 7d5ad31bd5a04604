import { html } from 'hono/html';
import type { Member, SignIn } from '../database/members.ts';
import type { Session } from '../people/session.ts';
import type { Page } from '../tenants/page.ts';
import { showPage } from './frame.ts';
import { signInsTable } from './sign-ins-table.ts';

export interface SignInsPage {
  readonly session: Session;
  readonly tenantId: string;
  readonly shown: Page<SignIn> & { readonly member: Member };
}

/** How a member signed in lately, for those who look after the team. */
export function signInsPage({ session, tenantId, shown }: SignInsPage): Promise<Response> {
  const { member, rows, cursor } = shown;
  const path = `/members/${tenantId}/${member.userId}/sign-ins`;
  return showPage({
    title: `Sign-ins of ${member.name}`,
    viewer: session,
    body: html`<p class="dim">${member.email} · kept for 400 days · <a href="/members">All members</a></p>
${
  rows.length === 0
    ? html`<p>Nothing is recorded here.</p>`
    : html`<section class="panel" aria-labelledby="events"><h2 id="events">Newest first</h2>${signInsTable('events', rows)}
${cursor === null ? '' : html`<p><a href="${path}?after=${cursor}">Older ones</a></p>`}</section>`
}`,
  });
}
