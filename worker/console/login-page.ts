import { html } from 'hono/html';
import { csrfField } from '../people/csrf.ts';
import type { FormGuard } from '../people/form-guard.ts';
import { currentPasswordField, emailField } from './fields.ts';
import { message, showPage } from './frame.ts';

export interface LoginPage {
  readonly guard: FormGuard;
  /** The sealed address that the form carries along. */
  readonly returnTo: string;
  readonly email?: string;
  readonly problem?: string | undefined;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks for email and password. What it says of a failure never tells whether there is such an account. */
export function loginPage({
  guard,
  returnTo,
  email,
  problem,
  status,
  headers = {},
}: LoginPage): Promise<Response> {
  return showPage({
    title: 'Sign in',
    viewer: null,
    cookies: guard.cookies,
    ...(status === undefined ? {} : { status }),
    headers,
    body: html`${problem === undefined ? '' : message('problem', problem)}
<form method="post" action="/login" class="panel">
${csrfField(guard)}
<input type="hidden" name="return_to" value="${returnTo}">
${emailField(email ?? '')}
${currentPasswordField('password', 'Password')}
<button class="primary">Sign in</button>
</form>
<p class="dim">No account? An admin of your team invites you. Locked out? The operator of this deployment can let you in again.</p>`,
  });
}
