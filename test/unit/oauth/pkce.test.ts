import { describe, expect, test } from 'vitest';
import { challengeOf, judgeChallenge, judgeVerifier } from '../../../worker/oauth/pkce.ts';

// RFC 7636, appendix B.
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

test.each<[string, string | undefined, string | undefined, string]>([
  ['S256', CHALLENGE, 'S256', 'ok'],
  ['none', undefined, undefined, 'challenge_missing'],
  ['a method without challenge', undefined, 'S256', 'challenge_missing'],
  ['plain', CHALLENGE, 'plain', 'challenge_not_s256'],
  ['no method, which means plain', CHALLENGE, undefined, 'challenge_not_s256'],
  ['s256', CHALLENGE, 's256', 'challenge_not_s256'],
  ['42 characters', CHALLENGE.slice(1), 'S256', 'malformed_challenge'],
  ['44 characters', `${CHALLENGE}=`, 'S256', 'malformed_challenge'],
  ['with something before it', ` ${CHALLENGE}`, 'S256', 'malformed_challenge'],
  ['base64 instead of base64url', `${CHALLENGE.slice(1)}+`, 'S256', 'malformed_challenge'],
])('challenge: %s', (_what, challenge, method, outcome) => {
  const judged = judgeChallenge(challenge, method);
  expect(judged.ok ? 'ok' : judged.reason).toBe(outcome);
});

describe('verifier', () => {
  test('the example of the RFC', async () => {
    expect(await challengeOf(VERIFIER)).toBe(CHALLENGE);
  });
  test.each<[string, string | undefined, string]>([
    ['right', VERIFIER, 'ok'],
    ['missing', undefined, 'verifier_missing'],
    ['wrong', 'x'.repeat(43), 'wrong_verifier'],
    ['the challenge itself, as plain would have it', CHALLENGE, 'wrong_verifier'],
    ['too short', VERIFIER.slice(1), 'malformed_verifier'],
    ['too long', 'x'.repeat(129), 'malformed_verifier'],
    ['with a blank', `${VERIFIER} `, 'malformed_verifier'],
    ['with a NUL', `${VERIFIER}\0`, 'malformed_verifier'],
    ['not ASCII', `${VERIFIER.slice(1)}é`, 'malformed_verifier'],
  ])('%s', async (_what, verifier, outcome) => {
    const judged = await judgeVerifier(verifier, CHALLENGE);
    expect(judged.ok ? 'ok' : judged.reason).toBe(outcome);
  });
});
