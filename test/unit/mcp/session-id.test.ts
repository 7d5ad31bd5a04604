import { describe, expect, test } from 'vitest';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { limit } from '../../../protocol/limits.ts';
import { findSession } from '../../../worker/mcp/session/find-session.ts';
import { sealSession, unsealSession } from '../../../worker/mcp/session/session-id.ts';
import { importSealKey, seal } from '../../../worker/seal/seal.ts';

const key = await importSealKey(encodeBase64url(new Uint8Array(32).fill(7)));
const otherKey = await importSealKey(encodeBase64url(new Uint8Array(32).fill(8)));
const NOW = 1_800_000_000_000;
const ann = { tenantId: 'ten_a', credential: { kind: 'api_token', id: 'tok_a' } } as const;
const introduction = {
  capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, experimental: { x: {} } },
  clientInfo: { name: 'agent', version: '1' },
};
const opened = async (id: string, who: Parameters<typeof findSession>[1] = ann, now = NOW, opener = key) =>
  findSession((await unsealSession(opener, id, now)) ?? 'unknown', who, false);
const sealed = (now = NOW) => sealSession(key, ann, '2025-11-25', introduction, now);

test('a session id holds what the session is, in printable ASCII, and opens for who got it', async () => {
  const id = await sealed();
  expect(id).toMatch(/^[\x21-\x7e]{1,700}$/);
  expect(await opened(id)).toMatchObject({
    protocolVersion: '2025-11-25',
    client: { name: 'agent', version: '1' },
    abilities: { elicitation: { form: {} }, sampling: {} },
  });
});

test('two sessions of one client are two', async () => {
  const [one, two] = await Promise.all(
    [sealed(), sealed()].map(async (id) => unsealSession(key, await id, NOW)),
  );
  expect(one?.session.id).not.toBe(two?.session.id);
});

test('a client cannot make its own id grow', async () => {
  const name = 'n'.repeat(100_000);
  const experimental = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`x${n}`, {}]));
  const id = await sealSession(key, ann, '2025-11-25', {
    capabilities: { experimental, elicitation: { form: experimental } },
    clientInfo: { name, version: name },
  });
  expect(id.length).toBeLessThan(800);
});

describe('opens nothing', () => {
  const oauth = {
    tenantId: 'ten_a',
    credential: { kind: 'oauth', id: 'tok_a', scopes: [], expiresAtMs: 0 },
  } as const;
  test.each<[string, () => Promise<unknown>]>([
    ['for another tenant', async () => opened(await sealed(), { ...ann, tenantId: 'ten_b' })],
    [
      'for another token',
      async () => opened(await sealed(), { ...ann, credential: { ...ann.credential, id: 'tok_b' } }),
    ],
    ['for a credential of another kind', async () => opened(await sealed(), oauth)],
    ['for another deployment', async () => opened(await sealed(), ann, NOW, otherKey)],
    [
      'after its time',
      async () => opened(await sealed(), ann, NOW + limit('mcp_session_lifetime_ms') + 1000),
    ],
    [
      'that was sealed for something else',
      async () => opened(await seal(key, 'confirm', { tenant: 'ten_a' }, 1e6, NOW)),
    ],
    ['that is empty', () => opened('')],
    [
      'once its client has deleted it',
      async () => findSession(await unsealSession(key, await sealed(), NOW), ann, true),
    ],
  ])('%s', async (_what, found) => {
    expect(await found()).toBe('unknown');
  });
});
