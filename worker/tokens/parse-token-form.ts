import { limit } from '../../protocol/limits.ts';
import { parseName } from '../input/parse-name.ts';
import { REFUSED_BY_DEFAULT, type RefusedText } from '../input/refused-text.ts';
import { TENANT_ROLES } from '../tenants/roles.ts';
import { ALL_SCOPES } from '../tenants/scopes.ts';
import type { TokenWish } from './create-token.ts';

const DAY_SECONDS = 86_400;
const NETWORKS_MAX = 50;
const PROJECTS_MAX = 100;
const NETWORK_CHARS_MAX = 50;

/** Days that a token lives at most where its tenant sets no bound. */
export const LIFETIME_DAYS_MAX = limit('token_lifetime_ms') / 1000 / DAY_SECONDS;

/** What the form for a token says, or the sentence about what is wrong with it. */
export type ParsedTokenForm =
  | { readonly ok: true; readonly wish: Omit<TokenWish, 'id'> }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads the form. Each scope is a field of its own, `scope:NAME`, because of a field that is there twice none is believed.
 * Networks are judged by the database, which knows how they are written.
 */
export function parseTokenForm(
  form: { get(name: string): string | null },
  refused: RefusedText = REFUSED_BY_DEFAULT,
): ParsedTokenForm {
  const named = parseName(form.get('name') ?? '', refused);
  const scopes = ALL_SCOPES.filter((scope) => form.get(`scope:${scope}`) !== null);
  const role = TENANT_ROLES.find((known) => known === form.get('role'));
  const days = Number(form.get('days') || Number.NaN);
  const networks = (form.get('networks') ?? '').split(/[\s,]+/).filter((network) => network !== '');
  const projects = (form.get('projects') ?? '').split(/[\r\n]+/).flatMap((line) => line.trim() || []);
  if (!named.ok)
    return {
      ok: false,
      problem: `Give the token a name, of ${limit('name_chars')} characters at most: it ${named.problem}.`,
    };
  if (scopes.length === 0) return { ok: false, problem: 'Choose what the token may do.' };
  if (role === undefined) return { ok: false, problem: 'Choose a role.' };
  if (!(days >= 1 / 24 && days <= LIFETIME_DAYS_MAX))
    return { ok: false, problem: `A token lives from an hour to ${LIFETIME_DAYS_MAX} days.` };
  if (networks.length > NETWORKS_MAX || networks.some((network) => network.length > NETWORK_CHARS_MAX))
    return { ok: false, problem: `Name ${NETWORKS_MAX} networks at most, as 192.0.2.0/24 or 2001:db8::/48.` };
  if (projects.length > PROJECTS_MAX || projects.some((project) => project.length > limit('name_chars')))
    return { ok: false, problem: `Name ${PROJECTS_MAX} projects at most, one a line.` };
  const lifetimeSeconds = Math.round(days * DAY_SECONDS);
  return { ok: true, wish: { name: named.name, scopes, role, lifetimeSeconds, networks, projects } };
}
