import { Hono } from 'hono';
import { describe, expect, test, vi } from 'vitest';
import type { AppEnv } from '../../../worker/http/app-env.ts';
import { readCall } from '../../../worker/http/call.ts';
import { limitAddress } from '../../../worker/http/limit-address.ts';
import { isRateName, rateLimitFields, retryFields } from '../../../worker/http/rate-limit-fields.ts';
import { rateLimited } from '../../../worker/http/rate-limited.ts';
import { refusalResponse } from '../../../worker/http/refusal.ts';
import { classOf } from '../../../worker/mcp/call-cost.ts';
import { TOOLS } from '../../../worker/mcp/tools/index.ts';
import { AddressRates } from '../../../worker/tenants/address-rates.ts';
import { charge, leftIn, take } from '../../../worker/tenants/token-bucket.ts';

test('the fields say policy, what is left and until when, as structured fields', () => {
  expect(rateLimitFields('calls_per_minute', { remaining: 598.7, resetSeconds: 0.14 })).toEqual({
    'ratelimit-policy': '"calls_per_minute";q=600;w=60',
    ratelimit: '"calls_per_minute";r=598;t=1',
  });
  expect(retryFields('failed_logins_per_minute', 6)).toEqual({
    'ratelimit-policy': '"failed_logins_per_minute";q=10;w=60',
    ratelimit: '"failed_logins_per_minute";r=0;t=6',
    'retry-after': '6',
  });
});

test('each refusal of a rate carries them, and names the limit', async () => {
  const response = refusalResponse(
    rateLimited('run_starts_per_minute', 'Too many.', { retryAfterSeconds: 2 }),
    'req_1',
  );
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(response.headers.get('ratelimit')).toBe('"run_starts_per_minute";r=0;t=2');
  expect(await response.json()).toMatchObject({
    error: { code: 'rate_limited', details: { limit: 'run_starts_per_minute', value: 60 } },
  });
  expect(['calls_per_minute', 'file_bytes', 'toString', null].map(isRateName)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('what is left refills evenly, and a debt is waited for', () => {
  const { bucket } = take(undefined, 60, 0);
  expect(leftIn(bucket, 60)).toEqual({ remaining: 59, resetSeconds: 1 });
  const indebted = charge({ tokens: 0, at: 0 }, 4);
  expect(leftIn(indebted, 60)).toEqual({ remaining: 0, resetSeconds: 5 });
  expect(take(indebted, 60, 4_000)).toMatchObject({ ok: false, waitMs: 1000 });
  expect(take(indebted, 60, 5_000).ok).toBe(true);
});

test('an address is refused by its own requests alone, and the memory of addresses is bounded', () => {
  const rates = new AddressRates(3);
  expect([1, 2, 3, 4].map(() => rates.take('198.51.100.1', 0))).toEqual([null, null, null, 20]);
  expect(rates.take('198.51.100.2', 0)).toBeNull();
  expect(rates.take('198.51.100.1', 20_000)).toBeNull();
  for (let at = 0; at < 10_000; at++) rates.take(`2001:db8:${at}::/64`, 20_000);
  expect([1, 2, 3].map(() => rates.take('198.51.100.1', 20_000))).toEqual([null, null, null]);
});

test('every tool has a class by what it says of itself', () => {
  const classes = Object.fromEntries(TOOLS.map((tool) => [tool.name, classOf(tool)]));
  expect(classes).toMatchObject({
    whoami: 'read',
    get_run: 'read',
    write_files: 'write',
    import_data: 'write',
    run_model: 'run',
    run_code: 'run',
  });
});

describe('a flood from one address is refused before anything else is done', () => {
  const served: (string | null)[] = [];
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    context.set('call', readCall(context.req.raw, 'cloudflare'));
    return next();
  });
  app.use(limitAddress());
  app.get('*', (context) => {
    served.push(context.get('call').address);
    return context.text('served');
  });
  const ask = (address: string | null, env: object = {}) =>
    app.request('/', { headers: address === null ? {} : { 'cf-connecting-ip': address } }, env);

  test('by the bucket of the isolate, whatever the host part of its IPv6 network, and no other pays', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    for (let sent = 0; sent < 6_000; sent++) await ask(`2001:db8:0:1::${sent.toString(16)}`);
    const refused = await ask('2001:db8:0:1:ffff::1');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit')).toMatch(/^"address_requests_per_minute";r=0;t=\d+$/);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await ask('2001:db8:0:2::1')).status).toBe(200);
    expect(served.at(-1)).toBe('2001:db8:0:2::1');
    vi.useRealTimers();
  });

  test('by the limiter of the edge, where there is one', async () => {
    const asked: string[] = [];
    const ADDRESS_LIMITER = {
      async limit({ key }: { key: string }) {
        asked.push(key);
        return { success: false };
      },
    };
    const refused = await ask('198.51.100.7', { ADDRESS_LIMITER });
    expect([refused.status, refused.headers.get('retry-after'), asked]).toEqual([
      429,
      '10',
      ['198.51.100.7'],
    ]);
  });

  test('and nobody for an address that nobody vouches for', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    for (let sent = 0; sent < 6_000; sent++) await ask(null);
    expect((await ask(null)).status).toBe(200);
    vi.useRealTimers();
  });
});
