import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiRoute, isSafe } from '../../worker/api/route.ts';
import { API_ROUTES, type OperationName } from '../../worker/api/routes/index.ts';
import { type ApiClient, apiSession, pathOf } from '../support/api.ts';
import { codeOf } from '../support/api-callers.ts';
import { type ApiWorld, apiInputs, settleApiWorld } from '../support/api-inputs.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { tenantContents } from '../support/tenant-contents.ts';
import { settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const OPERATIONS = Object.entries<ApiRoute>(API_ROUTES).map(
  ([name, route]) => [name as OperationName, route] as const,
);
const CHANGES = OPERATIONS.filter(([, route]) => !isSafe(route));

let ann: ApiClient;
let world: ApiWorld;
beforeAll(async () => {
  const account = await settleAccount(stack, { name: 'Ann' });
  ann = await apiSession(stack, account);
  world = await settleApiWorld(stack, account.tenant, ann);
});

const REFUSED = { status: 403, code: 'forbidden_origin' };

describe("a page of Mallory's does nothing with the cookie of Ann's browser", () => {
  test.each(OPERATIONS)('by %s', async (name) => {
    const input = apiInputs(world)[name];
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: stack.publicUrl, 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ])
      expect(codeOf(await ann.call(name, input, headers)), JSON.stringify(headers)).toEqual(REFUSED);
  });

  test.each(CHANGES)('by %s without the header that only a program or an own page can send', async (name) => {
    const input = apiInputs(world)[name];
    for (const headers of [{ 'x-causeway-request': '' }, { 'x-causeway-request': 'true' }])
      expect(codeOf(await ann.call(name, input, headers))).toEqual(REFUSED);
  });

  test('and a form that passes for JSON is no JSON', async () => {
    const path = pathOf(API_ROUTES.createInvitation, { params: { tenant: world.tenant } });
    const before = await tenantContents(stack, world.tenant);
    const body = JSON.stringify({ email: 'mallory@example.org', role: 'owner' });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
      const response = await ann.send('POST', path, body, { 'content-type': type });
      expect(response.status, type).toBe(415);
      await response.text();
    }
    expect(await tenantContents(stack, world.tenant)).toEqual(before);
  });

  test('and a preflight is answered by no route', async () => {
    const response = await ann.send('OPTIONS', '/api/v1/me', undefined, {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-causeway-request',
    });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    await response.text();
  });
});
