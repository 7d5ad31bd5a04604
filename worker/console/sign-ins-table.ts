import { html } from 'hono/html';
import { browserName } from './browser-name.ts';
import type { Markup } from './frame.ts';
import { moment } from './moment.ts';

/** What happened to an account, as the record of authentication events has it. */
export interface ShownSignIn {
  readonly occurredAt: string;
  readonly method: string;
  readonly outcome: string;
  readonly address: string | null;
  readonly userAgent: string | null;
}

const METHODS: Readonly<Record<string, string>> = {
  password: 'Sign-in',
  invitation: 'Invitation accepted',
  recovery: 'Recovery link',
  session: 'Session',
  password_change: 'Password change',
};
const OUTCOMES: Readonly<Record<string, string>> = {
  ok: 'done',
  wrong: 'wrong password',
  locked: 'refused, locked',
  ended: 'ended',
};

/** A table of them; `labelledBy` is the id of its heading. */
export function signInsTable(labelledBy: string, events: readonly ShownSignIn[]): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="${labelledBy}"><table>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Outcome</th><th scope="col">Address</th><th scope="col">Browser</th></tr></thead>
<tbody>${events.map(
    (event) => html`<tr><td>${moment(event.occurredAt)}</td><td>${METHODS[event.method] ?? event.method}</td>
<td>${OUTCOMES[event.outcome] ?? event.outcome}</td><td>${event.address ?? 'unknown'}</td><td>${browserName(event.userAgent)}</td></tr>`,
  )}</tbody></table></div>`;
}
