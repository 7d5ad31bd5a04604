import { html } from 'hono/html';
import { type Markup, message, showPage } from '../console/frame.ts';
import { contentSecurityPolicy } from '../http/security-headers.ts';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { SCOPES, type Scope } from '../tenants/scopes.ts';
import type { Client } from './client.ts';
import { describeRedirect } from './redirect-uri.ts';

export interface ConsentPage {
  readonly session: Session;
  readonly client: Client;
  readonly scopes: readonly Scope[];
  /** Where the answer goes: an address that was proven to be the client's, or the code that a device shows. */
  readonly answer: { readonly redirectUri: string } | { readonly userCode: string };
  /** The request, sealed for this session. */
  readonly sealed: string;
}

/** Asks a person whether an agent may act for them: who asks, for what, for which team, and where the answer goes. */
export function consentPage(page: ConsentPage): Promise<Response> {
  const { session, client, scopes, answer, sealed } = page;
  const isDevice = 'userCode' in answer;
  return showPage({
    title: 'Let an agent in?',
    viewer: session,
    headers: {
      'content-security-policy': contentSecurityPolicy(isDevice ? null : formTarget(answer.redirectUri)),
      'referrer-policy': 'same-origin',
    },
    body: html`<p class="lead"><strong><bdi>${client.name}</bdi></strong> asks to act for you, ${session.userName}.</p>
<section class="panel" aria-labelledby="who"><h2 id="who">Who asks</h2>
${origin(client)}
<p>${
      isDevice
        ? html`Go on only if this code stands on your own device: <strong><code>${answer.userCode}</code></strong>`
        : html`The answer goes to <strong>${describeRedirect(answer.redirectUri)}</strong>, <code>${answer.redirectUri}</code>.`
    }</p></section>
<section class="panel" aria-labelledby="what"><h2 id="what">What it will be able to do, in your name</h2>
<ul>${scopes.map((scope) => html`<li>${SCOPES[scope]} <span class="dim">${scope}</span></li>`)}</ul>
<p class="dim">Never more than you may do yourself. It lasts until you end it under <a href="/agents">Agents</a>, half a year at most.</p></section>
${
  session.tenants.length === 0
    ? message('problem', 'You belong to no team, so there is nothing that an agent could work on.')
    : decisionForm(session, sealed, isDevice ? '/device' : '/oauth/authorize')
}`,
  });
}

function origin(client: Client): Markup {
  if (client.origin === 'document')
    return html`<p>It is described by a document at <strong>${new URL(client.id).host}</strong>, <code>${client.id}</code>.</p>`;
  if (client.origin === 'operator') return html`<p>The operator of this deployment registered it.</p>`;
  return html`<p>It registered itself, and chose its name itself. Agree only if you have just started this.</p>`;
}

function decisionForm(session: Session, sealed: string, action: string): Markup {
  const [first] = session.tenants;
  return html`<form method="post" action="${action}">
${csrfField(session)}
<input type="hidden" name="request" value="${sealed}">
${
  session.tenants.length === 1
    ? html`<p>It will work in the team <strong>${first?.name}</strong>.<input type="hidden" name="tenant" value="${first?.tenantId}"></p>`
    : html`<div class="field"><label for="tenant">The team it will work in</label>
<select id="tenant" name="tenant">${session.tenants.map(({ tenantId, name, role }) => html`<option value="${tenantId}">${name} (${role})</option>`)}</select></div>`
}
<button class="primary" name="decision" value="allow">Allow</button>
<p><button class="quiet" name="decision" value="deny">Decline</button></p>
</form>`;
}

/** What the policy of the page must name so that its form may lead to the client: an origin, or an app's scheme. */
function formTarget(redirectUri: string): string {
  const url = new URL(redirectUri);
  return url.origin === 'null' ? url.protocol : url.origin;
}
