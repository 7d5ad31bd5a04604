import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { formatApiToken } from '../../../protocol/api-token.ts';
import { newId } from '../../../protocol/ids.ts';
import { newSecret } from '../../../protocol/secret.ts';
import { VerifiedSecrets } from '../../../worker/identity/verified-secrets.ts';
import { type TokenWorld, verifyApiToken } from '../../../worker/identity/verify-api-token.ts';

const MINUTES = 60_000;

/** Time that passes by a second with each pause. */
function seconds(at: number) {
  let now = at * 1000;
  return {
    now: () => now,
    pause: async () => {
      now += 1000;
    },
  };
}
const forever = () => new Promise(() => undefined);

/** A world whose gate has just been evicted, each time: it remembers nothing. */
function forgetfulWorld(secretOf: string) {
  const hashed: string[] = [];
  const counted: string[] = [];
  const attempts: string[] = [];
  const gate = {
    admit: () => Promise.resolve({ verdict: 'unknown' as const }),
    remember: (token: string, _sha256: string, userId: string) => {
      counted.push(token);
      return Promise.resolve({ verdict: 'admitted' as const, userId });
    },
  };
  const world = {
    verified: new VerifiedSecrets({ now: () => Date.now(), pause: () => setImmediate() }),
    tenantGate: () => gate,
    addressGate: () => ({
      attempt: () => {
        attempts.push('attempt');
        return Promise.resolve(null);
      },
      finished: () => Promise.resolve(),
    }),
    findToken: () => Promise.resolve({ argon2id: 'stored', userId: 'usr_alice' }),
    verifyArgon2id: (_encoded: string, secret: string) => {
      hashed.push(secret);
      return setTimeout(20, secret === secretOf);
    },
  } as unknown as TokenWorld;
  return { world, hashed, counted, attempts };
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

  it('three hundred first calls at once are one attempt of their address, hashed once and each counted', async () => {
    const { world, hashed, counted, attempts } = forgetfulWorld(secret);
    const calls = Array.from({ length: 300 }, () => verifyApiToken(bearer, world));
    for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ ok: true });
    expect(attempts).toHaveLength(1);
    expect(hashed).toEqual([secret]);
    expect(counted).toHaveLength(300);
  });

  it("Mallory's guess that she sends three times at once is three attempts", async () => {
    const { world, attempts } = forgetfulWorld('another');
    const guesses = [1, 2, 3].map(() => verifyApiToken(bearer, world));
    for (const answer of await Promise.all(guesses))
      expect(answer).toEqual({ ok: false, reason: 'wrong_secret' });
    expect(attempts).toHaveLength(3);
  });

  it('calls with other secrets wait for nobody', async () => {
    const { world } = forgetfulWorld(secret);
    const first = verifyApiToken(bearer, {
      ...world,
      verifyArgon2id: () => new Promise<boolean>(() => undefined),
    });
    const another = formatApiToken({ ...parts, secret: newSecret() });
    expect(await verifyApiToken(another, world)).toMatchObject({ ok: false, reason: 'wrong_secret' });
    expect(await Promise.race([first, 'waits'])).toBe('waits');
  });

  it('what was cut off is waited for no longer than 15 seconds', async () => {
    const time = seconds(7);
    const verified = new VerifiedSecrets(time);
    void verified.verify('digest', forever);
    await verified.otherHasEnded('another');
    expect(time.now()).toBe(7000);
    await verified.otherHasEnded('digest');
    expect(time.now()).toBe(22_000);
  });

  it('one that ends after another began leaves that one to be waited for', async () => {
    const time = seconds(0);
    const verified = new VerifiedSecrets(time);
    const first = verified.verify('digest', () => setImmediate());
    void verified.verify('digest', forever);
    await first;
    await verified.otherHasEnded('digest');
    expect(time.now()).toBe(15_000);
  });

  it('who waits for one waits for no other that began meanwhile, and for none that has failed', async () => {
    const time = seconds(0);
    const verified = new VerifiedSecrets({
      ...time,
      pause: async () => {
        await time.pause();
        if (time.now() === 3000) void verified.verify('digest', forever);
      },
    });
    void verified.verify('digest', forever);
    await verified.otherHasEnded('digest');
    await expect(verified.verify('other', () => Promise.reject(new Error('no database')))).rejects.toThrow();
    await verified.otherHasEnded('other');
    expect(time.now()).toBe(3000);
  });

  it('for an hour and no longer, and never under another token', () => {
    let now = 0;
    const verified = new VerifiedSecrets({ ...seconds(0), now: () => now });
    verified.keep('tok_a', 'digest', 'usr_alice');
    expect(verified.ownerOf('tok_b', 'digest')).toBeNull();
    now = 60 * MINUTES - 1;
    expect(verified.ownerOf('tok_a', 'digest')).toBe('usr_alice');
    now = 60 * MINUTES;
    expect(verified.ownerOf('tok_a', 'digest')).toBeNull();
  });

  it('at most ten thousand, the oldest forgotten first', () => {
    const verified = new VerifiedSecrets();
    for (let index = 0; index <= 10_000; index++) verified.keep(`tok_${index}`, 'digest', 'usr_alice');
    expect(verified.ownerOf('tok_0', 'digest')).toBeNull();
    expect(verified.ownerOf('tok_10000', 'digest')).toBe('usr_alice');
  });
});
