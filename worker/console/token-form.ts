import { html } from 'hono/html';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { TENANT_ROLES, type TenantRole } from '../tenants/roles.ts';
import { ALL_SCOPES, SCOPES } from '../tenants/scopes.ts';
import { LIFETIME_DAYS_MAX } from '../tokens/parse-token-form.ts';
import type { Markup } from './frame.ts';

const DAY_SECONDS = 86_400;
const DAYS_DEFAULT = 90;

export interface TokenForm {
  /** The id of the token that this form makes, sealed: sent twice, it makes one. */
  readonly sealedId: string;
  /** What was typed before, where it was not accepted. */
  readonly typed?: { get(name: string): string | null } | undefined;
}

interface BoundedTeam {
  readonly tenantId: string;
  readonly name: string;
  readonly lifetimeSecondsMax: number | null;
}

/** The form for a new token of the person's own. */
export function tokenForm(session: Session, teams: readonly BoundedTeam[], form: TokenForm): Markup {
  const typed = (name: string, absent: string): string => form.typed?.get(name) ?? absent;
  const isChosen = (scope: string): boolean => form.typed?.get(`scope:${scope}`) != null;
  const roles = rolesOf(session);
  const role = typed('role', roles.includes('member') ? 'member' : 'viewer');
  return html`<section class="panel" aria-labelledby="make"><h2 id="make">Make a token</h2>
<form method="post" action="/tokens">${csrfField(session)}<input type="hidden" name="token" value="${form.sealedId}">
<div class="field"><label for="tenant">Team</label><select id="tenant" name="tenant">${teams.map(
    ({ tenantId, name }) =>
      html`<option value="${tenantId}"${tenantId === typed('tenant', '') ? html` selected` : ''}>${name}</option>`,
  )}</select></div>
<div class="field"><label for="name">Name</label><input id="name" name="name" type="text" required maxlength="100" autocomplete="off" value="${typed('name', '')}" aria-describedby="name-hint">
<span class="hint" id="name-hint">What it is for; lists and the audit log show it.</span></div>
<fieldset class="field"><legend>What it may do</legend>${ALL_SCOPES.map(
    (scope) =>
      html`<label class="choice"><input type="checkbox" name="scope:${scope}"${isChosen(scope) ? html` checked` : ''}> ${SCOPES[scope]} <span class="dim">${scope}</span></label>`,
  )}</fieldset>
<div class="field"><label for="role">At most as</label><select id="role" name="role" aria-describedby="role-hint">${roles.map(
    (known) => html`<option value="${known}"${known === role ? html` selected` : ''}>${known}</option>`,
  )}</select><span class="hint" id="role-hint">Never more than you may do yourself, and no more than this when you may do more one day.</span></div>
<div class="field"><label for="days">Days until it expires</label><input id="days" name="days" type="number" required min="1" max="${LIFETIME_DAYS_MAX}" step="any" value="${typed('days', String(defaultDays(teams)))}"${hasBound(teams) ? html` aria-describedby="days-hint"` : ''}>
${hasBound(teams) ? html`<span class="hint" id="days-hint">${teams.map(boundText)}</span>` : ''}</div>
<div class="field"><label for="projects">Only for these projects</label><textarea id="projects" name="projects" rows="2" autocomplete="off" spellcheck="false" aria-describedby="projects-hint">${typed('projects', '')}</textarea>
<span class="hint" id="projects-hint">One a line, by name or id. Empty: all that you see.</span></div>
<div class="field"><label for="networks">Only from these networks</label><textarea id="networks" name="networks" rows="2" autocomplete="off" spellcheck="false" aria-describedby="networks-hint">${typed('networks', '')}</textarea>
<span class="hint" id="networks-hint">As 192.0.2.0/24 or 2001:db8::/48. Empty: from everywhere.</span></div>
<button class="primary">Make the token</button></form></section>`;
}

/** Up to the highest role that the person has anywhere; the database knows the one of the team. */
function rolesOf({ tenants }: Session): readonly TenantRole[] {
  const highest = Math.max(...tenants.map(({ role }) => TENANT_ROLES.indexOf(role)));
  return TENANT_ROLES.slice(0, highest + 1);
}

function defaultDays(teams: readonly BoundedTeam[]): number {
  const bounds = teams.flatMap(({ lifetimeSecondsMax }) => lifetimeSecondsMax ?? []);
  const days = Math.min(DAYS_DEFAULT, ...bounds.map((seconds) => seconds / DAY_SECONDS));
  return days < 1 ? Math.floor(days * 100) / 100 : Math.floor(days);
}

function hasBound(teams: readonly BoundedTeam[]): boolean {
  return teams.some(({ lifetimeSecondsMax }) => lifetimeSecondsMax !== null);
}

function boundText({ name, lifetimeSecondsMax }: BoundedTeam): string {
  if (lifetimeSecondsMax === null) return '';
  return `${name} allows ${Math.floor((lifetimeSecondsMax / DAY_SECONDS) * 100) / 100} days at most. `;
}
