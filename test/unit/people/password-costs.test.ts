import { describe, expect, test } from 'vitest';
import { costsOfHash, needsRehash, parsePasswordCosts } from '../../../worker/people/password-costs.ts';

describe('costs of argon2id', () => {
  test.each([
    ['m=19456,t=2,p=1', { memoryKib: 19_456, passes: 2, lanes: 1 }],
    ['m=65536,t=6,p=1', { memoryKib: 65_536, passes: 6, lanes: 1 }],
  ])('%s is within the bounds', (text, costs) => {
    expect(parsePasswordCosts(text)).toEqual(costs);
  });

  test.each([
    ['less memory than the floor', 'm=19455,t=2,p=1'],
    ['one pass', 'm=19456,t=1,p=1'],
    ['more memory than an isolate bears', 'm=65537,t=2,p=1'],
    ['seven passes', 'm=19456,t=7,p=1'],
    ['two lanes', 'm=19456,t=2,p=2'],
    ['another order', 't=2,m=19456,p=1'],
    ['something behind', 'm=19456,t=2,p=1 '],
    ['nothing', ''],
    ['an exponent', 'm=2e4,t=2,p=1'],
  ])('%s is refused', (_what, text) => {
    expect(parsePasswordCosts(text)).toBeNull();
  });
});

describe('a verified hash is made anew', () => {
  const now = { memoryKib: 32_768, passes: 2, lanes: 1 } as const;
  const hash = (costs: string) => `$argon2id$v=19$${costs}$c2FsdA$aGFzaA`;
  test.each([
    ['never at the costs of now', 'm=32768,t=2,p=1', false],
    ['when it was cheaper', 'm=19456,t=2,p=1', true],
    ['when it was dearer', 'm=65536,t=2,p=1', true],
    ['when it had other passes', 'm=32768,t=3,p=1', true],
  ])('%s', (_what, costs, expected) => {
    expect(needsRehash(hash(costs), now)).toBe(expected);
  });

  test('when it is no argon2id hash at all', () => {
    expect(costsOfHash('$argon2i$v=19$m=32768,t=2,p=1$c2FsdA$aGFzaA')).toBeNull();
    expect(needsRehash('$2b$12$abcdefghijklmnopqrstuv', now)).toBe(true);
  });
});
