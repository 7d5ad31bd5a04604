import { html } from 'hono/html';
import { PASSWORD_CHARS } from '../people/password-rules.ts';
import type { Markup } from './frame.ts';

/** The email of an account, as password managers know the field. */
export function emailField(value: string): Markup {
  return html`<div class="field"><label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="320" value="${value}"></div>`;
}

/** The password that somebody has. */
export function currentPasswordField(name: string, label: string): Markup {
  return html`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="password" autocomplete="current-password" required></div>`;
}

/** The password that somebody chooses. */
export function newPasswordField(): Markup {
  return html`<div class="field"><label for="new_password">New password</label>
<input id="new_password" name="new_password" type="password" autocomplete="new-password" required minlength="${PASSWORD_CHARS.least}" aria-describedby="new-password-hint">
<span class="hint" id="new-password-hint">At least ${PASSWORD_CHARS.least} characters; several words in a row are good.</span></div>`;
}
