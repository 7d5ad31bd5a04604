import { html } from 'hono/html';
import type { Session } from '../people/session.ts';
import type { MadeToken } from '../tokens/create-token.ts';
import { type Markup, message, showPage } from './frame.ts';
import { moment } from './moment.ts';

export interface NewTokenPage {
  readonly session: Session;
  readonly name: string;
  readonly made: MadeToken;
  readonly mcpUrl: string;
  /** When the token ends that this one succeeds; absent where it succeeds none. */
  readonly oldUntil?: string;
}

/** The text of a token, this once: neither the database nor any other page has it. */
export function newTokenPage({ session, name, made, mcpUrl, oldUntil }: NewTokenPage): Promise<Response> {
  return showPage({
    title: 'Your new token',
    viewer: session,
    body: html`${message('done', `Copy ${name} now: this is the only time that it is shown.`)}
<div class="address"><code id="token">${made.text}</code><button data-copy="token">Copy token</button></div>
<p>${lifetime(made)}${oldUntil === undefined ? '' : html` The old one goes on until ${moment(oldUntil)}.`}</p>
<section class="panel" aria-labelledby="use"><h2 id="use">How it is used</h2>
<p>A program sends it with each request to <code>${mcpUrl}</code>, in the header <code>Authorization: Bearer btk_…</code>. Keep it where programs keep secrets, never in a file of a project.</p></section>
<p><a href="/tokens">I have copied it: back to my tokens</a></p>`,
  });
}

function lifetime({ expiresAt, tokenId }: MadeToken): Markup {
  return html`<code class="id">${tokenId}</code> lives until ${expiresAt === null ? 'it is revoked' : moment(expiresAt)}.`;
}
