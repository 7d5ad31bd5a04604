import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiRoute } from '../../worker/api/route.ts';
import { API_ROUTES, type OperationName } from '../../worker/api/routes/index.ts';
import { ApiClient, pathOf } from '../support/api.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { type Account, settleAccount, Visitor } from '../support/visitor.ts';

const OPERATIONS = Object.entries<ApiRoute>(API_ROUTES).map(
  ([name, route]) => [name as OperationName, route] as const,
);

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Account;
let owner: ApiClient;
beforeAll(async () => {
  const started = await startTestStack({ slots: 0, settings: { ADMINISTRATION: 'off' } });
  ({ stack, stop } = started);
  ann = await settleAccount(stack, { name: 'Ann' });
  const browser = new Visitor(stack);
  await browser.signIn(ann.email);
  owner = new ApiClient(stack, browser.cookies.get('causeway'));
});
afterAll(() => stop?.());

/** What changes from one request to the next, whatever they ask: its number, the time, how many calls are left. */
const OF_THE_REQUEST = ['x-request-id', 'date', 'ratelimit'];

/** All else that left the process. */
async function bytesOf(response: Response) {
  const text = (await response.text()).replace(/req_[0-9a-z]{26}/g, 'req');
  const headers = [...response.headers].filter(([name]) => !OF_THE_REQUEST.includes(name));
  return { status: response.status, headers: headers.sort(), text };
}

describe('where the management API is off, each of its addresses is like one that does not exist', () => {
  test.each(OPERATIONS)('%s', async (_name, route) => {
    const params = { tenant: ann.tenant, user: ann.user };
    const path = pathOf(route, { params });
    const body = route.method === 'GET' ? undefined : '{}';
    const bearer = { authorization: `Bearer ${ann.token}` };
    const callers = [
      [new ApiClient(stack), {}, 401],
      [owner, {}, 404],
      [owner, { accept: 'text/html' }, 404],
      [new ApiClient(stack), bearer, 404],
      [new ApiClient(stack), { authorization: 'Bearer btk_nobody' }, 401],
      [owner, { origin: 'https://evil.example' }, 403],
    ] as const;
    for (const [client, headers, status] of callers) {
      const shown = await bytesOf(await client.send(route.method, path, body, headers));
      const unknown = await bytesOf(await client.send(route.method, '/nothing/of/this/name', body, headers));
      expect(shown).toEqual(unknown);
      expect(shown.status).toBe(status);
    }
  });

  test('nothing was done: signing in opens no session', async () => {
    const answer = await new ApiClient(stack).send('POST', '/api/v1/session', {
      email: ann.email,
      password: 'seven green harbours',
    });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
  });
});
