import { expect, test } from 'vitest';
import type { RefreshFacts } from '../../../worker/database/oauth-refresh-tokens.ts';
import { judgeRefresh, type RefreshPresentation } from '../../../worker/oauth/grants/judge-refresh.ts';

const fresh: RefreshFacts = {
  grant: {
    tenantId: 'ten',
    grantId: 'gra',
    userId: 'usr',
    clientId: 'cli_a',
    scopes: ['projects:read', 'data:read'],
    resource: 'https://causeway.example/mcp',
    alive: true,
  },
  expired: false,
  usedSecondsAgo: null,
  successor: null,
  generationsSince: 0,
};
const spent = (seconds: number, generationsSince = 1): RefreshFacts => ({
  ...fresh,
  usedSecondsAgo: seconds,
  successor: 'v1.x.y',
  generationsSince,
});
const dead = (facts: RefreshFacts): RefreshFacts => ({ ...facts, grant: { ...facts.grant, alive: false } });

test.each<[string, RefreshFacts | null, Partial<RefreshPresentation>, string]>([
  ['unused', fresh, {}, 'rotate'],
  ['unused, with a narrower scope', fresh, { scope: 'data:read' }, 'rotate'],
  ['spent a moment ago', spent(0.1), {}, 'repeat'],
  ['spent 30 s ago', spent(30), {}, 'repeat'],
  ['spent 30.1 s ago', spent(30.1), {}, 'refresh_token_reused'],
  ['spent a moment ago, its successor too', spent(1, 2), {}, 'repeat'],
  ['spent a moment ago, two successors too', spent(1, 3), {}, 'refresh_token_reused'],
  ['spent a moment ago, by another client', spent(1), { clientId: 'cli_b' }, 'unknown_refresh_token'],
  ['spent long ago, of an ended grant', dead(spent(99)), {}, 'grant_ended'],
  ['unknown', null, {}, 'unknown_refresh_token'],
  ['of another client', fresh, { clientId: 'cli_b' }, 'unknown_refresh_token'],
  ['expired', { ...fresh, expired: true }, {}, 'unknown_refresh_token'],
  ['of an ended grant', dead(fresh), {}, 'grant_ended'],
  ['with a wider scope', fresh, { scope: 'projects:read share' }, 'wider_scope'],
  ['for another resource', fresh, { resource: 'https://evil.example' }, 'wrong_resource'],
])('a refresh token: %s', (_what, facts, changes, outcome) => {
  const judged = judgeRefresh(facts, {
    clientId: 'cli_a',
    scope: undefined,
    resource: undefined,
    ...changes,
  });
  expect(judged.ok ? judged.value.step : judged.reason).toBe(outcome);
});

test('a narrower scope narrows the access token alone', () => {
  const judged = judgeRefresh(fresh, { clientId: 'cli_a', scope: 'data:read', resource: undefined });
  expect(judged.ok && [judged.value.scopes, judged.value.facts.grant.scopes]).toEqual([
    ['data:read'],
    ['projects:read', 'data:read'],
  ]);
});
