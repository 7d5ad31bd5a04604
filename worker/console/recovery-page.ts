import { html } from 'hono/html';
import { csrfField } from '../people/csrf.ts';
import type { FormGuard } from '../people/form-guard.ts';
import { newPasswordField } from './fields.ts';
import { message, showPage } from './frame.ts';

/** Asks for the new password that a recovery link is spent on. */
export function recoveryPage(page: {
  readonly path: string;
  readonly email: string;
  readonly guard: FormGuard;
  readonly problem?: string | undefined;
}): Promise<Response> {
  return showPage({
    title: 'Choose a new password',
    viewer: null,
    cookies: page.guard.cookies,
    ...(page.problem === undefined ? {} : { status: 422 }),
    body: html`${page.problem === undefined ? '' : message('problem', page.problem)}
<p>For <strong>${page.email}</strong>. All sessions of this account end, and the owners of its teams are told.</p>
<form method="post" action="${page.path}" class="panel">
${csrfField(page.guard)}
<input type="hidden" name="username" autocomplete="username" value="${page.email}">
${newPasswordField()}
<button class="primary">Set password and sign in</button>
</form>`,
  });
}
