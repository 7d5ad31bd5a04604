import { describe, expect, it } from 'vitest';
import { formatApiToken } from '../../../protocol/api-token.ts';
import { newId } from '../../../protocol/ids.ts';
import { newSecret } from '../../../protocol/secret.ts';
import { VerifiedSecrets } from '../../../worker/identity/verified-secrets.ts';
import { type TokenWorld, verifyApiToken } from '../../../worker/identity/verify-api-token.ts';

const MINUTES = 60_000;

/** A world whose gate has just been evicted, each time: it remembers nothing. */
function forgetfulWorld(secretOf: string) {
  const hashed: string[] = [];
  const counted: string[] = [];
  const gate = {
    admit: () => Promise.resolve({ verdict: 'unknown' as const }),
    remember: (token: string, _sha256: string, userId: string) => {
      counted.push(token);
      return Promise.resolve({ verdict: 'admitted' as const, userId });
    },
  };
  const world = {
    verified: new VerifiedSecrets(),
    tenantGate: () => gate,
    addressGate: () => ({ attempt: () => Promise.resolve(null), finished: () => Promise.resolve() }),
    findToken: () => Promise.resolve({ argon2id: 'stored', userId: 'usr_alice' }),
    verifyArgon2id: (_encoded: string, secret: string) => {
      hashed.push(secret);
      return Promise.resolve(secret === secretOf);
    },
  } as unknown as TokenWorld;
  return { world, hashed, counted };
}

describe('an isolate remembers what argon2id verified', () => {
  const secret = newSecret();
  const parts = { tenant: newId('tenant'), token: newId('token') };
  const bearer = formatApiToken({ ...parts, secret });

  it("Alice's second call is not hashed although the gate was evicted, and it is counted all the same", async () => {
    const { world, hashed, counted } = forgetfulWorld(secret);
    for (const _ of [1, 2, 3]) expect(await verifyApiToken(bearer, world)).toMatchObject({ ok: true });
    expect(hashed).toEqual([secret]);
    expect(counted).toHaveLength(3);
  });

  it("Mallory's guess for Alice's remembered token is hashed and refused", async () => {
    const { world, hashed, counted } = forgetfulWorld(secret);
    await verifyApiToken(bearer, world);
    const guess = newSecret();
    const answer = await verifyApiToken(formatApiToken({ ...parts, secret: guess }), world);
    expect(answer).toMatchObject({ ok: false, reason: 'wrong_secret' });
    expect(hashed).toEqual([secret, guess]);
    expect(counted).toHaveLength(1);
  });

  it('a wrong secret is never remembered', async () => {
    const { world, hashed } = forgetfulWorld('another');
    await verifyApiToken(bearer, world);
    await verifyApiToken(bearer, world);
    expect(hashed).toHaveLength(2);
  });

  it('for an hour and no longer, and never under another token', () => {
    const verified = new VerifiedSecrets();
    verified.keep('tok_a', 'digest', 'usr_alice', 0);
    expect(verified.ownerOf('tok_a', 'digest', 60 * MINUTES - 1)).toBe('usr_alice');
    expect(verified.ownerOf('tok_a', 'digest', 60 * MINUTES)).toBeNull();
    expect(verified.ownerOf('tok_b', 'digest', 0)).toBeNull();
  });

  it('at most ten thousand, the oldest forgotten first', () => {
    const verified = new VerifiedSecrets();
    for (let index = 0; index <= 10_000; index++) verified.keep(`tok_${index}`, 'digest', 'usr_alice', 0);
    expect(verified.ownerOf('tok_0', 'digest', 1)).toBeNull();
    expect(verified.ownerOf('tok_10000', 'digest', 1)).toBe('usr_alice');
  });
});
