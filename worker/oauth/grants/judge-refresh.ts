import type { RefreshFacts } from '../../database/oauth-refresh-tokens.ts';
import { REFRESH_GRACE_GENERATIONS, REFRESH_GRACE_SECONDS } from '../lifetimes.ts';
import { accept, type Judged, refuse } from '../refusal.ts';
import { judgeResource } from '../resource.ts';
import { narrowScope } from '../scope.ts';

/** What a client shows with a refresh token. */
export interface RefreshPresentation {
  readonly clientId: string;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
}

/** What is to be done: exchange the token, or give a racing twin the successor that the first one got. */
export interface RefreshStep {
  readonly step: 'rotate' | 'repeat';
  readonly facts: RefreshFacts;
  readonly scopes: readonly string[];
}

/**
 * Judges a presented refresh token by its facts (RFC 9700, section 4.14). A spent one is a theft, unless it was spent a
 * moment ago and its family has hardly moved on: then two requests of one client race, and both must live.
 */
export function judgeRefresh(facts: RefreshFacts | null, shown: RefreshPresentation): Judged<RefreshStep> {
  if (facts === null || facts.grant.clientId !== shown.clientId) return refuse('unknown_refresh_token');
  if (!facts.grant.alive) return refuse('grant_ended');
  const isSpent = facts.usedSecondsAgo !== null;
  if (isSpent && !isInGrace(facts)) return refuse('refresh_token_reused');
  if (!isSpent && facts.expired) return refuse('unknown_refresh_token');
  const scopes = narrowScope(shown.scope, facts.grant.scopes);
  if (!scopes.ok) return scopes;
  const resource = judgeResource(shown.resource, facts.grant.resource, false);
  if (!resource.ok) return resource;
  return accept({ step: isSpent ? 'repeat' : 'rotate', facts, scopes: scopes.value });
}

function isInGrace({ usedSecondsAgo, generationsSince }: RefreshFacts): boolean {
  return (
    usedSecondsAgo !== null &&
    usedSecondsAgo <= REFRESH_GRACE_SECONDS &&
    generationsSince <= REFRESH_GRACE_GENERATIONS
  );
}
