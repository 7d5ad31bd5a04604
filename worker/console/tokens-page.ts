import { html } from 'hono/html';
import type { ListedToken } from '../database/api-tokens.ts';
import type { Session } from '../people/session.ts';
import { ALL_SCOPES, SCOPES, type Scope } from '../tenants/scopes.ts';
import { confirmation } from './confirmation.ts';
import { type Markup, message, showPage } from './frame.ts';
import { moment } from './moment.ts';
import { type TokenForm, tokenForm } from './token-form.ts';

/** A page of the tokens of one of the person's teams that they may see. */
export interface TeamOfTokens {
  readonly tenantId: string;
  readonly name: string;
  readonly rows: readonly ListedToken[];
  readonly cursor: string | null;
  readonly lifetimeSecondsMax: number | null;
}

export interface TokensPage {
  readonly session: Session;
  readonly teams: readonly TeamOfTokens[];
  /** Whether revoked and expired ones are shown too. */
  readonly isWithEnded: boolean;
  readonly form: TokenForm;
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
}

/** A person's API tokens, for admins and owners those of the whole team, and the form for another. */
export function tokensPage(page: TokensPage): Promise<Response> {
  const { session, teams, isWithEnded, problem, done } = page;
  const withTokens = teams.filter(({ rows }) => rows.length > 0);
  return showPage({
    title: 'API tokens',
    viewer: session,
    here: '/tokens',
    isBroad: true,
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}${done === undefined ? '' : message('done', done)}
<p>A token lets a script or a job work here in your name. An agent that you use yourself needs none: it sends you here to sign in.</p>
${withTokens.length === 0 ? html`<p class="dim">${isWithEnded ? 'There is no token.' : 'No token is alive.'}</p>` : withTokens.map((team) => teamPanel(page, team))}
<p>${isWithEnded ? html`<a href="/tokens">Only living tokens</a>` : html`<a href="/tokens?ended=yes">Revoked and expired tokens too</a>`}</p>
${teams.length === 0 ? '' : tokenForm(session, teams, page.form)}`,
  });
}

function teamPanel(page: TokensPage, team: TeamOfTokens): Markup {
  const { tenantId, name, rows, cursor } = team;
  const more = `/tokens?team=${tenantId}${page.isWithEnded ? '&ended=yes' : ''}&after=${cursor}`;
  return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}">${name}</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="${tenantId}"><table>
<thead><tr><th scope="col">Token</th><th scope="col">May</th><th scope="col">Until</th><th scope="col">Last used</th><th scope="col"><span class="dim">Change</span></th></tr></thead>
<tbody>${rows.map((token) => tokenRow(page.session, team, token))}</tbody></table></div>
${cursor === null ? '' : html`<p><a href="${more}">Older tokens of ${name}</a></p>`}</section>`;
}

function tokenRow(session: Session, team: TeamOfTokens, token: ListedToken): Markup {
  const isOwn = token.userId === session.userId;
  const { tokenId, networks, projects } = token;
  return html`<tr><td><bdi>${token.name}</bdi>${isOwn ? '' : html` <span class="dim">of ${token.userName}</span>`}<br><code class="id">${tokenId}</code></td>
<td>${mayDo(token)}${projects === null ? '' : html`<br>in ${projects.map(({ id, name }) => name ?? id).join(', ')}`}<br><span class="dim">${token.roleCeiling === null ? 'as its person' : `at most ${token.roleCeiling}`}${networks === null ? '' : html`, from ${networks.map((network) => html`<code>${network}</code> `)}`}</span></td>
<td>${untilCell(token)}</td>
<td>${token.lastUsedAt === null ? 'never' : html`${moment(token.lastUsedAt)}<br><a href="/requests?team=${team.tenantId}&amp;credential=${tokenId}" aria-label="Requests of ${token.name}">Requests</a>`}</td>
<td>${token.isAlive ? changes(session, team, token, isOwn) : ''}</td></tr>`;
}

function mayDo({ scopes }: ListedToken): Markup | string {
  if (scopes.length === ALL_SCOPES.length) return 'Everything that a token can';
  return html`${scopes.map((scope, index) => html`${index === 0 ? '' : html`<br>`}${SCOPES[scope as Scope] ?? scope}`)}`;
}

function untilCell({ revokedAt, expiresAt, isAlive, successorId }: ListedToken): Markup | string {
  if (revokedAt !== null) return html`<span class="badge">revoked</span><br>${moment(revokedAt)}`;
  if (expiresAt === null) return 'no end';
  if (!isAlive) return html`<span class="badge">expired</span><br>${moment(expiresAt)}`;
  return html`${moment(expiresAt)}${successorId === null ? '' : html`<br><span class="badge">rotated</span>`}`;
}

function changes(session: Session, team: TeamOfTokens, token: ListedToken, isOwn: boolean): Markup {
  const path = `/tokens/${team.tenantId}/${token.tokenId}`;
  return html`${
    isOwn && token.successorId === null
      ? confirmation(session, {
          opens: 'Rotate',
          of: token.name,
          question: 'Makes a new token that may do the same, and ends this one a little later.',
          action: `${path}/rotate`,
          button: 'Make the new one',
          fields: html`<p><label>This one goes on for <select name="overlap"><option value="0">no time at all</option><option value="3600">an hour</option><option value="86400" selected>a day</option><option value="604800">a week</option></select></label></p>`,
        })
      : ''
  }${confirmation(session, {
    opens: 'Revoke',
    of: token.name,
    question: 'Whatever uses it is refused from its next request on. This cannot be taken back.',
    action: `${path}/revoke`,
    button: `Revoke ${token.name}`,
  })}`;
}
