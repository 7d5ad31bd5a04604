import { expect, test } from 'vitest';
import { snakeCaseJson } from '../../../protocol/snake-case-json.ts';

test('names of properties are in snake_case at every depth, values and other names as they were', () => {
  const value = {
    publicUrl: 'camelCase',
    isOk: null,
    parts: [{ startedAt: new Date(0), sha256: 'aB', already_so: [1, 'bC'] }],
    KEY_PASSPHRASE: {},
    Kelvin: 1,
    'region.euWest': { tenantId: 2 },
  };
  expect(JSON.parse(snakeCaseJson(value))).toEqual({
    public_url: 'camelCase',
    is_ok: null,
    parts: [{ started_at: '1970-01-01T00:00:00.000Z', sha256: 'aB', already_so: [1, 'bC'] }],
    KEY_PASSPHRASE: {},
    Kelvin: 1,
    'region.euWest': { tenant_id: 2 },
  });
});

test('what tenants and operators named is left as it is, at every depth', () => {
  const named = { euWest: { costCentre: 'aB' }, list: [{ innerName: 1 }] };
  const value = { executors: [{ lastSeen: 1, labels: named, details: named }], parameters: named };
  expect(JSON.parse(snakeCaseJson(value))).toEqual({
    executors: [{ last_seen: 1, labels: named, details: named }],
    parameters: named,
  });
});
