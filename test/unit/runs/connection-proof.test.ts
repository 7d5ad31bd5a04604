import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { connectStatement, rotateStatement } from '../../../protocol/executor-identity.ts';
import { newId } from '../../../protocol/ids.ts';
import { type ConnectionProof, isSigned, readProof } from '../../../worker/runs/routes/connection-proof.ts';

const NOW = 1_800_000_000_000;
const AUDIENCE = 'https://causeway.example';
const executor = newId('executor');
const keys = generateKeyPairSync('ed25519');
const publicKey = keys.publicKey.export({ format: 'jwk' }).x ?? '';

function header(
  changes: { seconds?: number; nonce?: string; executor?: string; audience?: string } = {},
): string {
  const proof = { executor, audience: AUDIENCE, seconds: NOW / 1000, nonce: 'n'.repeat(22), ...changes };
  const signature = sign(null, connectStatement(proof), keys.privateKey).toString('base64url');
  return `Causeway-Executor ${proof.executor}.${proof.seconds}.${proof.nonce}.${signature}`;
}

describe('the form of a proof', () => {
  test.each<[string, string | null, string]>([
    ['no header', null, 'absent'],
    ['a bearer token', 'Bearer abc', 'malformed'],
    ['another scheme in capitals', header().replace('Causeway-Executor', 'CAUSEWAY-EXECUTOR'), 'malformed'],
    ['an id of another kind', header({ executor: newId('run') }), 'malformed'],
    ['a short nonce', header({ nonce: 'short' }), 'malformed'],
    ['a signature cut short', header().slice(0, -1), 'malformed'],
    ['a signature of another spelling', header().replace(/.{86}$/, `${'A'.repeat(85)}B`), 'malformed'],
    ['a space at the end', `${header()} `, 'malformed'],
    ['a time that is no number', header().replace(`.${NOW / 1000}.`, '.1e9.'), 'malformed'],
    ['a time 61 s ago', header({ seconds: NOW / 1000 - 61 }), 'outside_window'],
    ['a time 61 s ahead', header({ seconds: NOW / 1000 + 61 }), 'outside_window'],
  ])('%s is refused', (_what, given, reason) => {
    expect(readProof(given, NOW)).toEqual({ ok: false, reason });
  });
});

describe('the signature of a proof', () => {
  const proofOf = (given: string): ConnectionProof => {
    const read = readProof(given, NOW);
    if (!read.ok) throw new Error(read.reason);
    return read.proof;
  };
  const isOf = (proof: ConnectionProof, key: string, audience = AUDIENCE) =>
    isSigned(connectStatement({ ...proof, audience }), proof.signature, key);

  test('holds for the key that made it, within the window', async () => {
    expect(await isOf(proofOf(header({ seconds: NOW / 1000 - 59 })), publicKey)).toBe(true);
  });

  test('holds to the very end of the window', () => {
    expect(proofOf(header({ seconds: NOW / 1000 - 60 })).seconds).toBe(NOW / 1000 - 60);
  });

  test('is none of a key that is no base64url', async () => {
    expect(await isOf(proofOf(header()), 'no key')).toBe(false);
  });

  test('means nothing for another deployment, key, time, nonce, executor or purpose', async () => {
    const proof = proofOf(header());
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
    expect(await isOf(proof, publicKey, 'https://other.example')).toBe(false);
    expect(await isOf(proof, other)).toBe(false);
    expect(await isOf({ ...proof, seconds: proof.seconds + 1 }, publicKey)).toBe(false);
    expect(await isOf({ ...proof, nonce: 'm'.repeat(22) }, publicKey)).toBe(false);
    expect(await isOf({ ...proof, executor: newId('executor') }, publicKey)).toBe(false);
    const rotation = rotateStatement({ ...proof, audience: AUDIENCE, publicKey });
    expect(await isSigned(rotation, proof.signature, publicKey)).toBe(false);
  });
});
