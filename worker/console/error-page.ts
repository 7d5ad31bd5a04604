import { html } from 'hono/html';
import { ERRORS } from '../../protocol/errors.ts';
import { type Refusal, retryHeaders } from '../http/refusal.ts';
import { message, showPage } from './frame.ts';

/** A refusal as a page: what happened, what to do, and the number under which the operator finds it. */
export function errorPage(refusal: Refusal, requestId: string): Promise<Response> {
  const { status } = ERRORS[refusal.code];
  return showPage({
    title: status === 404 || status === 401 ? 'There is nothing here' : 'That did not work',
    status,
    viewer: null,
    headers: retryHeaders(refusal),
    body: html`${message('problem', refusal.message)}
${refusal.hint === undefined ? '' : html`<p>${refusal.hint}</p>`}
<p><a href="/account">Go to your account</a></p>
<p class="reference">Reference: <code>${requestId}</code></p>`,
  });
}
