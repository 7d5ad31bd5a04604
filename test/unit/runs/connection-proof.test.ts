import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { connectStatement } from '../../../protocol/executor-identity.ts';
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

  test('holds for the key that made it, within the window', async () => {
    expect(await isSigned(proofOf(header({ seconds: NOW / 1000 - 59 })), publicKey, AUDIENCE)).toBe(true);
  });

  test('means nothing for another deployment, key, time, nonce or executor', async () => {
    const proof = proofOf(header());
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
    expect(await isSigned(proof, publicKey, 'https://other.example')).toBe(false);
    expect(await isSigned(proof, other, AUDIENCE)).toBe(false);
    expect(await isSigned({ ...proof, seconds: proof.seconds + 1 }, publicKey, AUDIENCE)).toBe(false);
    expect(await isSigned({ ...proof, nonce: 'm'.repeat(22) }, publicKey, AUDIENCE)).toBe(false);
    expect(await isSigned({ ...proof, executor: newId('executor') }, publicKey, AUDIENCE)).toBe(false);
  });
});
