import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Env } from '../../../worker/env.ts';
import type { Platform } from '../../../worker/platform.ts';
import { takeRunStart } from '../../../worker/runs/take-run-start.ts';
import { AddressGate } from '../../../worker/tenants/address-gate.ts';
import { TenantGate } from '../../../worker/tenants/tenant-gate.ts';
import { memorySql } from '../../support/memory-sql.ts';

vi.mock('cloudflare:workers', () => import('../../support/durable-object.ts'));

const MINUTE_MS = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.stubGlobal('scheduler', { wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A gate, and how much work it asks the platform to keep its memory for. */
function settle<Gate>(gateClass: new (context: never, env: Env) => Gate) {
  const work = { underway: 0 };
  const context = {
    storage: { sql: memorySql() },
    waitUntil(promise: Promise<unknown>) {
      work.underway++;
      void promise.finally(() => work.underway--);
    },
  };
  return { gate: new gateClass(context as never, {} as Env), work };
}

describe('a tenant', () => {
  test('has 60,000 calls a minute for all its credentials together, each of them 600', () => {
    const { gate } = settle(TenantGate);
    const verdictOf = (credential: string) => {
      const admission = gate.countCall(credential);
      return admission.verdict === 'admitted' ? 'admitted' : admission.limit;
    };
    for (let credential = 0; credential < 100; credential++)
      for (let call = 0; call < 600; call++) gate.countCall(`tok_${credential}`);
    expect(verdictOf('tok_0')).toBe('calls_per_minute');
    expect(verdictOf('tok_new')).toBe('tenant_calls_per_minute');
    expect(gate.countCall('tok_other')).toMatchObject({ waitMs: 1 });
    vi.advanceTimersByTime(1);
    expect(verdictOf('tok_other')).toBe('admitted');
  });

  test('starts sixty runs a minute, is told when the next may, and has back what was not used', async () => {
    const { gate } = settle(TenantGate);
    const env = { TENANT_GATE: { idFromName: (name: string) => name, get: () => gate } };
    const start = () => takeRunStart({ env } as unknown as Platform, 'ten_ann');
    for (let starts = 0; starts < 60; starts++) await start();
    const refused = {
      code: 'rate_limited',
      retryAfterSeconds: 1,
      details: { limit: 'run_starts_per_minute', value: 60 },
    };
    await expect(start()).rejects.toMatchObject(refused);
    gate.returnRunStart();
    await start();
    await expect(start()).rejects.toMatchObject(refused);
    vi.advanceTimersByTime(1_000);
    await start();
    await expect(start()).rejects.toMatchObject(refused);
  });
});

describe('what an address used up stays used up in a pause that is shorter than a minute:', () => {
  type Gate = InstanceType<typeof AddressGate>;
  test.each<[string, (gate: Gate) => unknown]>([
    ['registrations', (gate) => gate.startRegistration()],
    ['requests for tokens', (gate) => gate.startTokenRequest()],
    ['authentications', (gate) => gate.attempt()],
  ])('%s', async (_what, use) => {
    const { gate, work } = settle(AddressGate);
    use(gate);
    // An object with nothing to do is evicted after some seconds, and its memory with it.
    await vi.advanceTimersByTimeAsync(MINUTE_MS - 1);
    expect(work.underway).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work.underway).toBe(0);
  });

  test('twenty registrations are all that it has, and one comes back every three seconds', () => {
    const { gate } = settle(AddressGate);
    const waits = Array.from({ length: 21 }, () => gate.startRegistration());
    expect(waits).toEqual([...Array.from({ length: 20 }, () => null), 3]);
    vi.advanceTimersByTime(3_000);
    expect([gate.startRegistration(), gate.startRegistration()]).toEqual([null, 3]);
  });
});
