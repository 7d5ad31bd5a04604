import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Database } from '../../worker/database/database.ts';
import { type RequestFilter, selectRequests } from '../../worker/database/token-uses.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { openSessionOf } from '../support/sessions.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let bob: Inhabitant;
let sessions: Record<'ann' | 'bob' | 'mallory', Principal>;

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
/** What two people asked as parts of one piece of work. */
const TRACED: readonly number[] = [1, 3];

/** Minutes ago, who, and how it ended; the request of that minute. */
const ENTRIES = [
  [1, 'ann', 'ok'],
  [2, 'bob', 'refused'],
  [3, 'bob', 'ok'],
  [4, 'ann', 'failed'],
  [5, null, 'dropped'],
] as const;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  bob = await settle(database.asOwner, {
    person: 'Bob',
    tenant: 'Acme',
    tenantId: ann.tenantId,
    role: 'member',
  });
  const mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  const session = (who: Inhabitant) => openSessionOf(database.asSuperuser, who);
  sessions = { ann: await session(ann), bob: await session(bob), mallory: await session(mallory) };
  for (const [minutes, who, outcome] of ENTRIES) {
    const person = who === 'ann' ? ann : who === 'bob' ? bob : null;
    await database.asSuperuser(
      `insert into app.token_uses (tenant_id, request_id, occurred_at, credential_kind, credential_id, user_id, method,
                                   latency_ms, outcome, reason, dropped, trace_id)
       values ($1, $2, now() - $3 * interval '1 minute', $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        ann.tenantId,
        `req-${minutes}`,
        minutes,
        person && 'api_token',
        person?.tokenId ?? null,
        person?.userId ?? null,
        person && 'tools/call',
        person && 5,
        outcome,
        outcome === 'refused' || outcome === 'failed' ? 'not_found' : null,
        person ? null : 3,
        TRACED.includes(minutes) ? TRACE : null,
      ],
    );
  }
});
afterAll(() => database?.stop());

const seen = async (
  by: Principal,
  filter: RequestFilter = {},
  asked: { before?: string; rowsMax?: number } = {},
) => {
  const [rows] = await withTenant(client, by, [selectRequests(filter, { rowsMax: 10, ...asked })] as const);
  return rows.map(({ requestId }) => Number(requestId.slice(4)));
};
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

describe('the request log', () => {
  test('is seen whole by an owner, with who asked by what', async () => {
    expect(await seen(sessions.ann)).toEqual([1, 2, 3, 4, 5]);
    const [rows] = await withTenant(client, sessions.ann, [selectRequests({}, { rowsMax: 2 })] as const);
    expect(rows[1]).toMatchObject({
      userName: 'Bob',
      credentialName: "Bob's laptop",
      credentialId: bob.tokenId,
      outcome: 'refused',
      reason: 'not_found',
    });
  });

  test.each([
    ['one person', () => ({ user: bob.userId }), [2, 3]],
    ['one token', () => ({ credential: ann.tokenId }), [1, 4]],
    ['what was not answered', () => ({ refused: true }), [2, 4, 5]],
    ['both', () => ({ user: bob.userId, refused: true }), [2]],
    ['the time since', () => ({ from: minutesAgo(3.5) }), [1, 2, 3]],
    ['the time until', () => ({ until: minutesAgo(3.5) }), [4, 5]],
    ['one trace, whoever asked', () => ({ trace: TRACE }), [1, 3]],
    ['a person of nowhere', () => ({ user: newId('user') }), []],
  ] as const)('is filtered by %s', async (_what, filter, expected) => {
    expect(await seen(sessions.ann, filter())).toEqual(expected);
  });

  test('goes on from page to page, under the same filter', async () => {
    expect(await seen(sessions.ann, {}, { rowsMax: 2 })).toEqual([1, 2]);
    expect(await seen(sessions.ann, {}, { before: 'req-2', rowsMax: 2 })).toEqual([3, 4]);
    expect(await seen(sessions.ann, { refused: true }, { before: 'req-2' })).toEqual([4, 5]);
  });

  test('shows a member what was asked in their own name, and no more by any filter', async () => {
    expect(await seen(sessions.bob)).toEqual([2, 3]);
    expect(await seen(sessions.bob, { user: ann.userId })).toEqual([]);
    expect(await seen(sessions.bob, { credential: ann.tokenId })).toEqual([]);
    expect(await seen(sessions.bob, { trace: TRACE })).toEqual([3]);
  });

  test('shows Mallory, owner of another tenant, nothing, and an owner’s token nothing either', async () => {
    expect(await seen(sessions.mallory)).toEqual([]);
    expect(await seen(sessions.mallory, { user: ann.userId }, { before: 'req-1' })).toEqual([]);
    expect(await seen(ann.principal)).toEqual([]);
  });
});
