import { ALL_SCOPES, type Scope } from '../tenants/scopes.ts';
import { accept, type Judged, refuse } from './refusal.ts';

/** What a client is given that asks for nothing in particular, and what a 401 names: the product's main job. */
export const DEFAULT_SCOPES: readonly Scope[] = [
  'projects:read',
  'projects:write',
  'data:read',
  'data:write',
  'runs:execute',
];

/**
 * The scopes that a request asks for. Unknown ones are left out (RFC 6749, section 3.3: what is granted is told), so
 * that a client which also asks for `offline_access` is served; a request of unknown ones alone is refused.
 */
export function judgeScope(scope: string | undefined): Judged<readonly Scope[]> {
  if (scope === undefined) return accept(DEFAULT_SCOPES);
  const asked = new Set(scope.split(' '));
  const known = ALL_SCOPES.filter((candidate) => asked.has(candidate));
  return known.length === 0 ? refuse('unknown_scope') : accept(known);
}

/** Narrows granted scopes to those of a token request, which may name no other (RFC 6749, section 6). */
export function narrowScope(
  scope: string | undefined,
  granted: readonly string[],
): Judged<readonly string[]> {
  if (scope === undefined) return accept(granted);
  const asked = scope.split(' ').filter((one) => one !== '');
  if (asked.length === 0 || asked.some((one) => !granted.includes(one))) return refuse('wider_scope');
  return accept(granted.filter((one) => asked.includes(one)));
}
