import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { newId } from '../../../protocol/ids.ts';
import {
  mintRequestState,
  openRequestState,
  STATE_LIFETIME_MS,
  type StateOwner,
} from '../../../worker/mcp/confirm/request-state.ts';
import { importSealKey } from '../../../worker/seal/seal.ts';

const key = await importSealKey(encodeBase64url(new Uint8Array(32).fill(7)));
const owner: StateOwner = {
  principal: {
    tenantId: newId('tenant'),
    userId: newId('user'),
    credential: { kind: 'api_token', id: newId('token') },
    needs: { scopes: [], role: null },
    requestId: newId('request'),
    address: null,
    userAgent: null,
  },
  tool: 'archive_project',
  input: { project: 'a', also: { x: 1, y: [2] } },
};

afterEach(() => vi.useRealTimers());

describe('a state that a call sealed', () => {
  test('is found again by the same call, however its arguments are ordered', async () => {
    const state = await mintRequestState(key, owner, { round: 1 });
    expect(await openRequestState(key, owner, state)).toEqual({ round: 1 });
    const reordered = { ...owner, input: { also: { y: [2], x: 1 }, project: 'a' } };
    expect(await openRequestState(key, reordered, state)).toEqual({ round: 1 });
    const retried = { ...owner, principal: { ...owner.principal, requestId: newId('request') } };
    expect(await openRequestState(key, retried, state)).toEqual({ round: 1 });
  });

  test.each<[string, StateOwner]>([
    ['another tenant', { ...owner, principal: { ...owner.principal, tenantId: newId('tenant') } }],
    [
      'another credential',
      { ...owner, principal: { ...owner.principal, credential: { kind: 'api_token', id: newId('token') } } },
    ],
    [
      'a grant of the same id',
      {
        ...owner,
        principal: {
          ...owner.principal,
          credential: { kind: 'oauth', id: owner.principal.credential.id, scopes: [], expiresAtMs: 0 },
        },
      },
    ],
    ['another tool', { ...owner, tool: 'write_files' }],
    ['another argument', { ...owner, input: { ...owner.input, project: 'b' } }],
    ['an argument more', { ...owner, input: { ...owner.input, more: null } }],
    ['an argument less', { ...owner, input: { project: 'a' } }],
  ])('is nothing to %s', async (_who, other) => {
    const state = await mintRequestState(key, owner, { round: 1 });
    expect(await openRequestState(key, other, state)).toBeNull();
  });

  test('is nothing after ten minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const state = await mintRequestState(key, owner, { round: 1 });
    vi.setSystemTime(Date.now() + STATE_LIFETIME_MS - 1_000);
    expect(await openRequestState(key, owner, state)).toEqual({ round: 1 });
    vi.setSystemTime(Date.now() + 2_000);
    expect(await openRequestState(key, owner, state)).toBeNull();
  });

  test('is nothing for another purpose, changed, or under another key', async () => {
    const state = await mintRequestState(key, owner, { round: 1 });
    const other = await importSealKey(encodeBase64url(new Uint8Array(32).fill(8)));
    expect(await openRequestState(key, owner, state, 'confirm')).toBeNull();
    expect(await openRequestState(other, owner, state)).toBeNull();
    expect(await openRequestState(key, owner, `${state}A`)).toBeNull();
    expect(await openRequestState(key, owner, '')).toBeNull();
  });
});
