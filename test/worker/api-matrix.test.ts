import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiAccess, ApiRoute } from '../../worker/api/route.ts';
import { API_ROUTES, type OperationName } from '../../worker/api/routes/index.ts';
import type { TenantRole } from '../../worker/tenants/roles.ts';
import { type ApiClient, apiSession } from '../support/api.ts';
import { type ApiCaller, apiVerdict, codeOf, settleApiCallers } from '../support/api-callers.ts';
import { type ApiWorld, apiInputs, freshInput, settleApiWorld } from '../support/api-inputs.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { tenantContents } from '../support/tenant-contents.ts';
import { settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const OPERATIONS = Object.entries<ApiRoute>(API_ROUTES).map(
  ([name, route]) => [name as OperationName, route] as const,
);

/** How many of the callers a route refuses at least. */
const REFUSED_MIN: Readonly<Record<ApiAccess, number>> = {
  public: 0,
  person: 7,
  session: 9,
  admin: 9,
  owner: 9,
};

let owner: ApiClient;
let world: ApiWorld;
let callers: readonly ApiCaller[];
let before: Awaited<ReturnType<typeof contents>>;

/** What Acme holds, and the sessions of its people. */
async function contents() {
  const sessions = await queryAs(
    stack.superuserUrl,
    `select s.session_id, s.revoked_at from app.sessions as s join app.memberships as m using (user_id)
      where m.tenant_id = $1 order by 1`,
    [world.tenant],
  );
  return { ...(await tenantContents(stack, world.tenant)), sessions };
}

beforeAll(async () => {
  const ann = await settleAccount(stack, { name: 'Ann' });
  owner = await apiSession(stack, ann);
  world = await settleApiWorld(stack, ann.tenant, owner);
  callers = await settleApiCallers(stack, ann.tenant);
  before = await contents();
});

describe('an operation refuses everybody who may not, as its route says', () => {
  test.each(OPERATIONS)('%s', async (name, route) => {
    const input = apiInputs(world)[name];
    const cells = callers.filter((caller) => apiVerdict(caller, route.access) !== null);
    expect(cells.length).toBeGreaterThanOrEqual(REFUSED_MIN[route.access]);
    const shown = cells.map(async ({ name: who, client, headers }) => [
      who,
      codeOf(await client.call(name, input, headers)),
    ]);
    const must = cells.map((caller) => [caller.name, apiVerdict(caller, route.access)]);
    expect(Object.fromEntries(await Promise.all(shown))).toEqual(Object.fromEntries(must));
  });

  test('and none of these calls changed a row', async () => {
    expect(Object.keys(before).length).toBeGreaterThan(10);
    expect(await contents()).toEqual(before);
  });
});

describe('an operation in a suspended tenant is refused to everybody', () => {
  const inTenant = OPERATIONS.filter(([, { access }]) => access === 'admin' || access === 'owner');
  test.each(inTenant)('%s', async (name) => {
    const admins = callers.filter(({ role }) => role === 'admin' || role === 'owner');
    const status = (to: string) =>
      queryAs(stack.superuserUrl, 'update app.tenants set status = $2 where tenant_id = $1', [
        world.tenant,
        to,
      ]);
    await status('suspended');
    try {
      for (const { client } of admins)
        expect(codeOf(await client.call(name, apiInputs(world)[name]))).toEqual({
          status: 403,
          code: 'tenant_suspended',
        });
    } finally {
      await status('active');
    }
  });
});

describe('an operation works for everybody who may', () => {
  const ending: readonly OperationName[] = ['endOwnSession', 'signOut'];
  const last = ([name]: (typeof OPERATIONS)[number]) => ending.indexOf(name);
  const ordered = OPERATIONS.filter(([name]) => name !== 'signIn').toSorted((a, b) => last(a) - last(b));
  test.each(ordered)('%s', async (name, route) => {
    const who = callers.filter((caller) => apiVerdict(caller, route.access) === null && caller.role !== null);
    expect(who.length).toBeGreaterThan(0);
    for (const { client, name: caller, role } of who) {
      if (name === 'signOut') client.cookie = await anotherSession(role);
      const answer = await client.call(name, await freshInput(world, name, client, owner));
      expect(answer.status, `${caller}: ${JSON.stringify(answer.body)}`).toBe(route.status);
    }
  });

  /** `endOwnSession` has ended the caller's own, so somebody else of that role signs out. */
  async function anotherSession(role: TenantRole | null): Promise<string | null> {
    const wish = { name: `Sid-${role}`, tenant: world.tenant, ...(role === null ? {} : { role }) };
    return (await apiSession(stack, await settleAccount(stack, wish))).cookie;
  }
});

test('the matrix calls every operation', () => {
  expect(Object.keys(apiInputs(world)).sort()).toEqual(Object.keys(API_ROUTES).sort());
});
