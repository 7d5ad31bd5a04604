import { html } from 'hono/html';
import { type CsrfHolder, csrfField } from '../people/csrf.ts';
import type { Markup } from './frame.ts';

export interface Confirmation {
  /** What opens the question, as "Remove"; `of` completes it for a person who hears it without its row (by a screen reader). */
  readonly opens: string;
  readonly of: string;
  /** What the action does, told before it is done. */
  readonly question: Markup | string;
  readonly action: string;
  readonly button: string;
  /** Fields between the question and the button. */
  readonly fields?: Markup;
}

/** A form that asks once more: it opens by mouse or keyboard, without JavaScript, and only its own button sends it. */
export function confirmation(holder: CsrfHolder, asked: Confirmation): Markup {
  return html`<details class="confirm"><summary aria-label="${asked.opens} ${asked.of}">${asked.opens}</summary>
<form method="post" action="${asked.action}">${csrfField(holder)}<p>${asked.question}</p>${asked.fields ?? ''}<button>${asked.button}</button></form></details>`;
}
