import { beforeAll, describe, expect, test } from 'vitest';
import { apiSession } from '../support/api.ts';
import { callTool, postMcp } from '../support/mcp-call.ts';
import { postForm, postRegistration, registerClient } from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, newAddress, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
const ONE_MINUTE = /^"calls_per_minute";r=(\d+);t=\d+$/;
let ann: Account;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
});

/** How many calls are left to a token, as an answer says. */
async function leftTo(token: string): Promise<number> {
  const response = await postMcp(stack, token, LIST);
  await response.body?.cancel();
  expect(response.headers.get('ratelimit-policy')).toBe('"calls_per_minute";q=600;w=60');
  return Number(ONE_MINUTE.exec(response.headers.get('ratelimit') ?? '')?.[1]);
}

/** A refusal carries what protects browsers, as every answer does. */
function expectProtected(refusal: Response | undefined): void {
  expect(refusal?.headers.get('x-content-type-options')).toBe('nosniff');
  expect(refusal?.headers.get('content-security-policy')).toContain("default-src 'none'");
}

test('each answer to a token says what is left of its calls', async () => {
  const left = await leftTo(ann.token);
  expect(left).toBeGreaterThan(590);
  expect(left).toBeLessThan(600);
});

test('so does each answer of the management API to a session', async () => {
  const api = await apiSession(stack, ann);
  const { headers } = await api.call('listTokens', { params: { tenant: ann.tenant } });
  expect(headers.get('ratelimit')).toMatch(ONE_MINUTE);
});

test('a flood of one token is refused with when to come back, and no other pays for it', async () => {
  const mallory = await settleAccount(stack, { name: 'Mallory' });
  const bob = await settleAccount(stack, { name: 'Bob' });
  let refused: Response | undefined;
  for (let sent = 0; sent < 900 && refused === undefined; sent += 60) {
    const answers = await Promise.all(Array.from({ length: 60 }, () => postMcp(stack, mallory.token, LIST)));
    refused = answers.find(({ status }) => status === 429);
    await Promise.all(answers.filter((answer) => answer !== refused).map((answer) => answer.body?.cancel()));
  }
  expect(refused?.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(refused?.headers.get('ratelimit')).toMatch(/^"calls_per_minute";r=0;t=\d+$/);
  expectProtected(refused);
  expect(await refused?.json()).toMatchObject({
    error: { code: 'rate_limited', details: { limit: 'calls_per_minute' } },
  });
  expect((await callTool(stack, bob.token, 'whoami')).error).toBeNull();
  // Ten calls a second come back, also to her: what the isolate repeats of a refusal ends with the wait.
  await expect.poll(async () => (await callTool(stack, mallory.token, 'whoami')).error).toBeNull();
});

test('a call that writes costs two', async () => {
  const carol = await settleAccount(stack, { name: 'Carol' });
  const writes = 80;
  // Ten a second come back, though never beyond the limit: from a half empty bucket what was spent can be told.
  // A token that is known by then: so many that are not wait for their address.
  await leftTo(carol.token);
  await Promise.all(Array.from({ length: 300 }, () => leftTo(carol.token)));
  const look = async () => ({ left: await leftTo(carol.token), at: performance.now() });
  const before = await look();
  const made = await Promise.all(
    Array.from({ length: writes }, (_, at) =>
      callTool(stack, carol.token, 'create_project', { name: `P${at}` }),
    ),
  );
  expect(made.filter(({ error }) => error !== null)).toEqual([]);
  const spent = async () => {
    const now = await look();
    return before.left - now.left + (now.at - before.at) / 100;
  };
  // The second is charged behind the answer; so many looks take less than half of what it is.
  await expect.poll(spent, { interval: 1_000, timeout: 20_000 }).toBeGreaterThan(1.5 * writes);
});

describe('the token endpoint', () => {
  const ask = (address: string, fields: Record<string, string>) =>
    fetch(`${stack.publicUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'cf-connecting-ip': address },
      body: new URLSearchParams(fields),
    });
  const guess = (address: string) =>
    ask(address, {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id: 'cli_00000000000000000000000000',
    });

  test('refuses an address that guesses, with when to come back, and no other address', async () => {
    const mallory = newAddress();
    const statuses: number[] = [];
    let last: Response | undefined;
    for (let guesses = 0; guesses < 120 && last?.status !== 429; guesses++) {
      last = await guess(mallory);
      statuses.push(last.status);
      if (last.status !== 429) await last.body?.cancel();
    }
    expect(statuses.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 401));
    expect(last?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(last?.headers.get('ratelimit')).toMatch(/^"failed_token_requests_per_minute";r=0;t=\d+$/);
    expectProtected(last);
    expect(await last?.json()).toMatchObject({ error: 'temporarily_unavailable' });
    const other = await guess(newAddress());
    expect(other.status).toBe(401);
    await other.body?.cancel();
  });
});

describe('registrations of clients and devices', () => {
  const register = (address: string) =>
    postRegistration(stack, { redirect_uris: ['https://agent.example/cb'] }, address);
  const startDevice = (address: string, client: string) =>
    postForm(stack, '/oauth/device', { client_id: client }, { 'cf-connecting-ip': address });

  /** Asks again and again; how often it was served, and the refusal. */
  async function untilRefused(ask: () => Promise<Response>): Promise<[number, Response]> {
    for (let served = 0; served < 60; served++) {
      const answer = await ask();
      if (answer.status === 429) return [served, answer];
      expect(answer.ok).toBe(true);
      await answer.body?.cancel();
    }
    throw new Error('none was refused');
  }

  test('are twenty a minute of an address together, refused with when to come back, and no other address pays for them', async () => {
    const { client_id: device } = await registerClient(stack, {
      redirect_uris: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    });
    const mallory = newAddress();
    const [served, refused] = await untilRefused(() => register(mallory));
    expect(served).toBeGreaterThanOrEqual(20);
    const [more, refusedDevice] = await untilRefused(() => startDevice(mallory, device));
    expect(more).toBeLessThan(20);
    for (const refusal of [refused, refusedDevice]) {
      expect(refusal.headers.get('retry-after')).toMatch(/^[1-3]$/);
      expect(refusal.headers.get('ratelimit-policy')).toBe('"client_registrations_per_minute";q=20;w=60');
      expect(refusal.headers.get('ratelimit')).toMatch(/^"client_registrations_per_minute";r=0;t=[1-3]$/);
      expectProtected(refusal);
      expect(await refusal.json()).toMatchObject({ error: 'temporarily_unavailable' });
    }
    for (const answer of [await register(newAddress()), await startDevice(newAddress(), device)])
      expect(answer.ok).toBe(true);
  });
});
