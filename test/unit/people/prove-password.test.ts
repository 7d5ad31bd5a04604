import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Query } from '../../../worker/database/query.ts';
import type { Call } from '../../../worker/http/call.ts';
import { verifyArgon2id } from '../../../worker/identity/verify-argon2id.ts';
import { hashPassword, nobodysHash } from '../../../worker/people/hash-password.ts';
import { DEFAULT_PASSWORD_COSTS, parsePasswordCosts } from '../../../worker/people/password-costs.ts';
import { provePassword } from '../../../worker/people/prove-password.ts';
import type { Platform } from '../../../worker/platform.ts';

/** Each verification that argon2 was asked for: the costs, the lengths of salt and hash, and what it said of them. */
const verified = vi.hoisted(() => [] as unknown[]);

vi.mock('cloudflare:workers', () => ({ DurableObject: class {} }));
vi.mock('../../../worker/identity/argon2.ts', async () => {
  const { default: initialize } = await import('@phi-ag/argon2/node');
  const real = await initialize();
  return {
    argon2: async () => ({
      hash: real.hash.bind(real),
      tryVerify(...asked: Parameters<typeof real.tryVerify>) {
        const verdict = real.tryVerify(...asked);
        const [, form, version, costs, salt, hash] = asked[0].split('$');
        verified.push([form, version, costs, salt?.length, hash?.length, verdict.error ?? 'right']);
        return verdict;
      },
    }),
  };
});

const costs = parsePasswordCosts(DEFAULT_PASSWORD_COSTS);
if (costs === null) throw new Error('the default costs are none');
const COSTS = costs;
const GUESS = 'seven grey harbours';
const call: Call = { requestId: 'req_1', address: '192.0.2.1', userAgent: null };

/** What the database was asked, without the person's name in it. */
let asked: string[];
beforeEach(() => {
  verified.length = 0;
  asked = [];
});

async function guess(argon2id: string | null) {
  const transaction = async (queries: readonly Query<unknown>[]) => {
    asked.push(...queries.map(({ text }) => text));
    return queries.map(({ text }) => (text.includes('begin_login') ? { ok: true, argon2id } : undefined));
  };
  const gate = { attempt: async () => null, finished: async () => {} };
  const platform = {
    database: { transaction },
    env: { ADDRESS_GATE: { idFromName: (name: string) => name, get: () => gate } },
  } as unknown as Platform;
  const login = { email: 'ann@acme.example', password: GUESS };
  return provePassword({ platform, call, method: 'password' }, login, async () => 'in');
}

describe('Mallory, who guesses, has an email of nobody cost the work that Ann’s costs', () => {
  test('the same questions and one verification of the same size, which goes to its end', async () => {
    const anns = await hashPassword('seven green harbours', COSTS);
    const known = { answer: await guess(anns), asked: [...asked], verified: [...verified] };
    asked = [];
    verified.length = 0;
    expect({ answer: await guess(null), asked, verified }).toEqual(known);
    expect(known.answer).toEqual({ ok: false, reason: 'wrong' });
    expect(known.verified).toHaveLength(1);
  });

  test('the hash of nobody is refused as a wrong password and not for its form', async () => {
    expect(await verifyArgon2id(await hashPassword('another', COSTS), GUESS)).toBe(false);
    expect(await verifyArgon2id(nobodysHash(COSTS), GUESS)).toBe(false);
    expect(await verifyArgon2id(nobodysHash(COSTS).replace('$v=19', '$v=no'), GUESS)).toBe(false);
    const [wrong, nobodys, malformed] = verified.map((seen) => (seen as unknown[]).at(-1));
    expect(nobodys).toBe(wrong);
    expect(malformed).not.toBe(wrong);
  });
});
