import { beforeAll, describe, expect, test } from 'vitest';
import { PAGE_ROUTES, type PageKey } from '../../worker/http/page-routes.ts';
import type { PageRoute } from '../../worker/http/route.ts';
import { MARKER } from '../support/matrix-arguments.ts';
import { type PageCaller, pageVerdict, settlePageCallers } from '../support/page-callers.ts';
import {
  admittedInput,
  openForms,
  type PageForms,
  type PageInput,
  type PageWorld,
  pageInputs,
  settlePageWorld,
} from '../support/page-inputs.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { tenantContents } from '../support/tenant-contents.ts';

const stack = sharedStack();
const PAGES = PAGE_ROUTES.map((route) => [`${route.method} ${route.path}` as PageKey, route] as const);

let world: PageWorld;
let callers: readonly PageCaller[];
let forms: ReadonlyMap<PageCaller, PageForms>;
let before: Awaited<ReturnType<typeof contents>>;

/** What Acme holds, and the sessions of its people. */
async function contents() {
  const sessions = await queryAs(
    stack.superuserUrl,
    `select s.session_id, s.revoked_at from app.sessions as s join app.memberships as m using (user_id)
      where m.tenant_id = $1 order by 1`,
    [world.bob.tenant],
  );
  return { ...(await tenantContents(stack, world.bob.tenant)), sessions };
}

beforeAll(async () => {
  world = await settlePageWorld(stack);
  callers = await settlePageCallers(stack, world.bob.tenant, world.project);
  forms = new Map(
    await Promise.all(callers.map(async (caller) => [caller, await openForms(world, caller)] as const)),
  );
  for (const { turnedBy, account } of callers)
    if (turnedBy !== null) await queryAs(stack.superuserUrl, turnedBy, [account?.user]);
  before = await contents();
});

interface Shown {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

function formsOf(caller: PageCaller): PageForms {
  const own = forms.get(caller);
  if (own === undefined) throw new Error(`${caller.name} has no forms`);
  return own;
}

async function send(caller: PageCaller, route: PageRoute, input: PageInput): Promise<Shown> {
  const path = route.path.replace(/:(\w+)/g, (_match, name: string) => input.params?.[name] ?? 'none');
  const response =
    route.method === 'GET'
      ? await caller.browser.get(path)
      : await caller.browser.post(path, { csrf: formsOf(caller).csrf, ...input.fields });
  const location = response.headers.get('location') ?? '';
  return { status: response.status, location, text: await response.text() };
}

/** What left the process, in the words of the verdict. */
function told({ status, location, text }: Shown, isList: boolean): string {
  if (status === 303) return location.startsWith('/login?') ? 'sign in' : 'done';
  if (status === 404)
    return text.includes(MARKER) ? 'a page that is not there, and says what is' : 'not there';
  if (status === 403 || status === 422) return 'told';
  if (status === 200) return isList && !text.includes(MARKER) ? 'left out' : 'done';
  return `${status}: ${text}`;
}

const isList = ({ method, path, access }: PageRoute) =>
  method === 'GET' && !path.includes(':') && access !== 'person';

/** Calls by everybody who is not admitted; what they were shown, beside what they must be. */
async function refusals(key: PageKey, route: PageRoute, tenant: 'active' | 'suspended') {
  const cells = callers.flatMap((caller) => {
    const must = pageVerdict(caller, route, tenant);
    return must === 'done' ? [] : [{ caller, must }];
  });
  const shown = cells.map(async ({ caller }) => {
    const input = pageInputs(world, formsOf(caller))[key];
    return [caller.name, told(await send(caller, route, input), isList(route))] as const;
  });
  return {
    shown: Object.fromEntries(await Promise.all(shown)),
    must: Object.fromEntries(cells.map(({ caller, must }) => [caller.name, must])),
  };
}

describe('a page about what is Bob’s refuses everybody who may not, as its route says', () => {
  test.each(PAGES)('%s', async (key, route) => {
    const { shown, must } = await refusals(key, route, 'active');
    // Whoever signs out is signed out then, and was before.
    expect(Object.keys(must).length).toBeGreaterThanOrEqual(route.path === '/logout' ? 0 : 3);
    expect(shown).toEqual(must);
  });

  test('and nothing of it is there in a suspended team', { timeout: 120_000 }, async () => {
    const status = (to: string) =>
      queryAs(stack.superuserUrl, 'update app.tenants set status = $2 where tenant_id = $1', [
        ...[world.bob.tenant, to],
      ]);
    await status('suspended');
    try {
      for (const [key, route] of PAGES) {
        const { shown, must } = await refusals(key, route, 'suspended');
        expect(shown, key).toEqual(must);
      }
    } finally {
      await status('active');
    }
  });

  test('and none of these calls changed a row', async () => {
    expect(Object.keys(before).length).toBeGreaterThan(10);
    expect(await contents()).toEqual(before);
  });
});

describe('a page works for everybody who may', () => {
  /** What ends the means by which the others are called. */
  const last: readonly PageKey[] = ['POST /account/password', 'POST /logout'];
  const ordered = PAGES.toSorted(([a], [b]) => last.indexOf(a) - last.indexOf(b));
  test.each(ordered)('%s', { timeout: 120_000 }, async (key, route) => {
    const mayAsOwn = route.access === 'own' || route.access === 'own_or_admin';
    const who = callers.filter(
      (caller) => caller.role !== null && (mayAsOwn || pageVerdict(caller, route, 'active') === 'done'),
    );
    expect(who.length).toBeGreaterThanOrEqual(route.access === 'owner' ? 1 : 2);
    for (const caller of who) {
      const input = await admittedInput(world, key, caller, formsOf(caller));
      const shown = await send(caller, route, input);
      const must = pageVerdict(caller, route, 'active');
      const expected = must === 'not there' ? 'done' : must;
      expect(told(shown, isList(route)), `${caller.name}: ${shown.status} ${shown.text}`).toBe(expected);
    }
  });
});
