import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Query } from '../../../worker/database/query.ts';
import type { Platform } from '../../../worker/platform.ts';
import { deleteTenant } from '../../../worker/tenants/life/delete-tenant.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const TENANT = 'ten_00000000000000000000000000';

/** A database in which the log of the tenant is to be closed, and whose one sink has more to take however often it is asked. */
function platformWith(onClaim: (tenant: unknown) => void): Platform {
  const batch = { tenant: TENANT, sink: 's', kind: 's3', url: 'https://sink.example/', settings: {} };
  const waiting = { ...batch, secret_access_key: null, from: 0, size: 9, entries: [], is_dead_letter: false };
  const rowOf = ({ text, params }: Query<unknown>): Record<string, unknown> => {
    if (text.includes('app.system_claim_audit_sinks')) onClaim(params.at(-1));
    return {
      begun: { step: 'sealing' },
      sealed: 0,
      checkpoint: { size: 1, note: '', age_seconds: 0 },
      draft: { size: 1 },
      claimed: [waiting],
      noted: true,
      answer: {},
    };
  };
  const transaction = async (queries: readonly Query<unknown>[]) =>
    queries.map((query) => query.read([rowOf(query)]));
  const env = { BLOB_DISK: { fetch: () => Promise.reject(new Error('no blob is of interest')) } };
  return { env, database: { transaction }, keys: {}, publicUrl: 'https://c.example' } as unknown as Platform;
}

test('a deletion gives the sinks of its tenant ten seconds, however much they still have to take, and goes on', async () => {
  const claims: unknown[] = [];
  const platform = platformWith((tenant) => {
    claims.push(tenant);
    vi.setSystemTime(Date.now() + 4_000);
  });
  expect(await deleteTenant(platform, TENANT, 11_000)).toBe('rows');
  expect(claims).toEqual([TENANT, TENANT, TENANT]);
});
