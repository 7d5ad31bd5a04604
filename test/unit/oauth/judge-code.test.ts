import { expect, test } from 'vitest';
import type { CodeFacts } from '../../../worker/database/oauth-codes.ts';
import { type CodePresentation, judgeCode } from '../../../worker/oauth/grants/judge-code.ts';
import { challengeOf } from '../../../worker/oauth/pkce.ts';

const VERIFIER = 'v'.repeat(43);
const MCP = 'https://causeway.example/mcp';
const facts: CodeFacts = {
  grant: {
    tenantId: 'ten',
    grantId: 'gra',
    userId: 'usr',
    clientId: 'cli_a',
    scopes: ['projects:read'],
    resource: MCP,
    alive: true,
  },
  redirectUri: 'https://agent.example/cb',
  challenge: await challengeOf(VERIFIER),
  expired: false,
  redeemed: false,
};
const shown: CodePresentation = {
  clientId: 'cli_a',
  redirectUri: facts.redirectUri,
  verifier: VERIFIER,
  resource: undefined,
};
const dead = { ...facts, grant: { ...facts.grant, alive: false } };

test.each<[string, CodeFacts | null, Partial<CodePresentation>, string]>([
  ['all right', facts, {}, 'ok'],
  ['without redirect_uri, as OAuth 2.1 has it', facts, { redirectUri: undefined }, 'ok'],
  ['with its resource', facts, { resource: MCP }, 'ok'],
  ['unknown', null, {}, 'unknown_code'],
  ['expired', { ...facts, expired: true }, {}, 'unknown_code'],
  ['used', { ...facts, redeemed: true }, {}, 'code_reused'],
  ['used and expired', { ...facts, redeemed: true, expired: true }, {}, 'code_reused'],
  ['used, shown by another client', { ...facts, redeemed: true }, { clientId: 'cli_b' }, 'unknown_code'],
  ['of another client', facts, { clientId: 'cli_b' }, 'unknown_code'],
  ['another redirect', facts, { redirectUri: `${facts.redirectUri}/` }, 'other_redirect'],
  ['no verifier', facts, { verifier: undefined }, 'verifier_missing'],
  ['wrong verifier', facts, { verifier: 'w'.repeat(43) }, 'wrong_verifier'],
  ['another resource', facts, { resource: 'https://evil.example/mcp' }, 'wrong_resource'],
  ['the grant has ended', dead, {}, 'grant_ended'],
])('a code: %s', async (_what, code, changes, outcome) => {
  const judged = await judgeCode(code, { ...shown, ...changes });
  expect(judged.ok ? 'ok' : judged.reason).toBe(outcome);
});
