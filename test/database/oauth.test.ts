import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { selectCredentialEnd } from '../../worker/database/changed.ts';
import { type Database, EntryRefused } from '../../worker/database/database.ts';
import {
  decideDevice,
  findWaitingDevice,
  pollDevice,
  startDevice,
} from '../../worker/database/oauth-devices.ts';
import {
  consentToClient,
  listConnectedAgents,
  revokeConnectedAgent,
} from '../../worker/database/oauth-grants.ts';
import { addFirstKey, findKeys } from '../../worker/database/oauth-keys.ts';
import { findRefreshToken } from '../../worker/database/oauth-refresh-tokens.ts';
import { type Query, query, readNothing } from '../../worker/database/query.ts';
import { blockClientRow, endClientRow } from '../../worker/database/tenant-clients.ts';
import { enter, withTenant } from '../../worker/database/with-tenant.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let bob: Inhabitant;
let mallory: Inhabitant;
const CALL = { requestId: 'req_x', address: '192.0.2.1', userAgent: 'test' };
const CLIENT = 'cli_test_agent';

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
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  await database.asSuperuser(
    `insert into app.oauth_clients (client_id, origin, name, metadata)
     values ($1, 'registered', 'Agent', '{"token_endpoint_auth_method":"none"}')`,
    [CLIENT],
  );
});
afterAll(() => database.stop());

const digest = (character: string) => character.repeat(64);
const scopes = ['projects:read'];
const consent = (grantId: string) =>
  consentToClient({ grantId, clientId: CLIENT, scopes, resource: 'https://x.example/mcp', code: null });

/** Somebody in the browser: a living session of theirs. */
async function inBrowser(who: Inhabitant): Promise<Principal> {
  const id = newId('session');
  await database.asSuperuser(
    `insert into app.sessions (session_id, user_id, cookie_sha256, method, idle_until, expires_at)
     values ($1::text, $2, encode(sha256(convert_to($1::text, 'UTF8')), 'hex'), 'password', now() + interval '1 hour', now() + interval '1 hour')`,
    [id, who.userId],
  );
  return { ...who.principal, credential: { kind: 'session', id } };
}

/** A living grant of somebody, and the principal of its access token. */
async function grantOf(who: Inhabitant, tokenScopes: readonly string[] = scopes): Promise<Principal> {
  const grantId = newId('grant');
  await withTenant(client, await inBrowser(who), [consent(grantId)] as const);
  await database.asSuperuser('update app.oauth_grants set activated_at = now() where grant_id = $1', [
    grantId,
  ]);
  return {
    ...who.principal,
    credential: { kind: 'oauth', id: grantId, scopes: tokenScopes, expiresAtMs: Date.now() + 600_000 },
  };
}

async function refusalOf(principal: Principal): Promise<string | null> {
  try {
    await enter(client, principal);
    return null;
  } catch (error) {
    if (!(error instanceof EntryRefused)) throw error;
    return error.reason;
  }
}

describe('a consent', () => {
  test('is taken from a living session alone: no token mints another', async () => {
    const [byToken] = await withTenant(client, ann.principal, [consent(newId('grant'))] as const);
    expect(byToken).toMatchObject({ ok: false, code: 'insufficient_role' });
    const [byAgent] = await withTenant(client, await grantOf(ann), [consent(newId('grant'))] as const);
    expect(byAgent).toMatchObject({ ok: false, code: 'insufficient_role' });
    const [byAnn] = await withTenant(client, await inBrowser(ann), [consent(newId('grant'))] as const);
    expect(byAnn.ok).toBe(true);
  });

  test('of an ended, expired or foreign session does not enter', async () => {
    const session = await inBrowser(ann);
    const { id } = session.credential;
    expect(await refusalOf({ ...session, userId: mallory.userId, tenantId: mallory.tenantId })).toBe(
      'unknown',
    );
    expect(await refusalOf({ ...session, tenantId: mallory.tenantId })).toBe('membership_ended');
    await database.asSuperuser(
      "update app.sessions set idle_until = now() - interval '1 second' where session_id = $1",
      [id],
    );
    expect(await refusalOf(session)).toBe('expired');
    await database.asSuperuser(
      "update app.sessions set idle_until = now() + interval '1 minute', revoked_at = now() where session_id = $1",
      [id],
    );
    expect(await refusalOf(session)).toBe('revoked');
  });
});

describe('an access token enters with the least of its own scopes and those of its grant', () => {
  const needing = (principal: Principal, needed: string): Principal =>
    ({ ...principal, needs: { scopes: [needed], role: null } }) as Principal;

  test.each<[string, readonly string[], string, string | null]>([
    ['both have it', ['projects:read'], 'projects:read', null],
    ['the token lacks it', [], 'projects:read', 'insufficient_scope'],
    ['the grant lacks it', ['projects:read', 'projects:write'], 'projects:write', 'insufficient_scope'],
  ])('%s', async (_what, tokenScopes, needed, refusal) => {
    expect(await refusalOf(needing(await grantOf(ann, tokenScopes), needed))).toBe(refusal);
  });

  test('and a grant that is unused, of somebody else, or of another tenant is none', async () => {
    const grant = await grantOf(ann);
    expect(await refusalOf(grant)).toBeNull();
    expect(await refusalOf({ ...grant, userId: bob.userId })).toBe('unknown');
    expect(await refusalOf({ ...grant, userId: mallory.userId, tenantId: mallory.tenantId })).toBe('unknown');
    await database.asSuperuser('update app.oauth_grants set activated_at = null where grant_id = $1', [
      grant.credential.id,
    ]);
    expect(await refusalOf(grant)).toBe('unknown');
  });
});

test('when a credential ends by itself is known to who entered with it', async () => {
  const grant = await grantOf(ann);
  const setEnd = (of: 'api_tokens.token_id' | 'oauth_grants.grant_id', id: string, at: string | null) =>
    database.asSuperuser(
      `update app.${of.split('.')[0]} set expires_at = $2 where ${of.split('.')[1]} = $1`,
      [id, at],
    );
  const endOf = async (principal: Principal) =>
    (await withTenant(client, principal, [selectCredentialEnd()] as const))[0];
  await setEnd('oauth_grants.grant_id', grant.credential.id, '2099-01-01T00:00:01.5Z');
  expect(await endOf(grant)).toBe(Date.parse('2099-01-01T00:00:01.500Z'));
  await setEnd('oauth_grants.grant_id', grant.credential.id, 'infinity');
  expect(await endOf(grant)).toBeNull();
  await setEnd('api_tokens.token_id', ann.tokenId, '2098-01-01T00:00:00Z');
  expect(await endOf(ann.principal)).toBe(Date.parse('2098-01-01T00:00:00Z'));
  await setEnd('api_tokens.token_id', ann.tokenId, null);
  expect(await endOf(ann.principal)).toBeNull();
  expect(await endOf(await inBrowser(ann))).toBeNull();
});

describe('connected agents', () => {
  test('are seen and ended by their person and by an admin; absent and foreign look alike', async () => {
    const agent = await grantOf(bob);
    const { id } = agent.credential;
    const seenBy = async (who: Inhabitant) =>
      (await withTenant(client, await inBrowser(who), [listConnectedAgents()] as const))[0].some(
        ({ grantId }) => grantId === id,
      );
    const endBy = async (who: Inhabitant, grantId: string) =>
      (await withTenant(client, await inBrowser(who), [revokeConnectedAgent(grantId)] as const))[0];
    expect(await Promise.all([bob, ann, mallory].map(seenBy))).toEqual([true, true, false]);
    const anns = await grantOf(ann);
    expect(await endBy(bob, anns.credential.id)).toEqual(await endBy(bob, newId('grant')));
    expect(await endBy(mallory, id)).toEqual(await endBy(mallory, newId('grant')));
    expect(await refusalOf(agent)).toBeNull();
    expect((await endBy(ann, id)).ok).toBe(true);
    expect(await refusalOf(agent)).toBe('revoked');
  });
});

describe('a client that is blocked in a tenant', () => {
  const asBrowser = async <Result>(who: Inhabitant, asked: Query<Result>): Promise<Result> =>
    (await withTenant(client, await inBrowser(who), [asked] as const))[0];

  test('has nothing in it, not even what was being given at that moment, and unblocking wakes nothing', async () => {
    const before = await grantOf(bob);
    const elsewhere = await grantOf(mallory);
    expect(await asBrowser(ann, blockClientRow(CLIENT, true))).toMatchObject({ ok: true, changed: true });
    expect(await refusalOf(before)).toBe('revoked');
    expect(await asBrowser(bob, consent(newId('grant')))).toEqual({ ok: false, code: 'client_blocked' });

    // A consent that had looked for the block before there was one.
    const meanwhile = newId('grant');
    await database.asSuperuser(
      `insert into app.oauth_grants (tenant_id, user_id, grant_id, client_id, scopes, resource, activated_at)
       values ($1, $2, $3, $4, $5, 'https://x.example/mcp', now())`,
      [bob.tenantId, bob.userId, meanwhile, CLIENT, scopes],
    );
    await database.asSuperuser(
      "insert into app.oauth_refresh_tokens (tenant_id, token_sha256, grant_id, generation, expires_at) values ($1, $2, $3, 1, now() + interval '1 hour')",
      [bob.tenantId, digest('c'), meanwhile],
    );
    const racing: Principal = { ...before, credential: { ...before.credential, id: meanwhile } } as Principal;
    expect(await refusalOf(racing)).toBe('revoked');
    expect((await findRefreshToken(client, digest('c')))?.grant.alive).toBe(false);
    expect((await asBrowser(bob, listConnectedAgents())).map(({ clientId }) => clientId)).not.toContain(
      CLIENT,
    );

    expect(await asBrowser(ann, blockClientRow(CLIENT, false))).toMatchObject({ changed: true, ended: 1 });
    expect(await refusalOf(racing)).toBe('revoked');
    expect(await refusalOf(await grantOf(bob))).toBeNull();
    expect(await refusalOf(elsewhere)).toBeNull();
  });

  test('was blocked by an admin who was signed in, and by nobody else', async () => {
    const living = await grantOf(bob);
    for (const change of [endClientRow(CLIENT), blockClientRow(CLIENT, true)]) {
      const byBob = await asBrowser(bob, change);
      const [byToken] = await withTenant(client, ann.principal, [change] as const);
      const [byAgent] = await withTenant(client, await grantOf(ann), [change] as const);
      expect([byBob, byToken, byAgent]).toEqual(Array(3).fill({ ok: false, code: 'insufficient_role' }));
    }
    expect(await refusalOf(living)).toBeNull();
  });

  test('is written by no SQL of a call’s own', async () => {
    for (const sql of [
      `insert into app.blocked_clients (client_id) values ('${CLIENT}')`,
      'delete from app.blocked_clients',
      'update app.blocked_clients set client_id = client_id',
    ])
      await expect(asBrowser(ann, query(sql, [], readNothing))).rejects.toMatchObject({ sqlstate: '42501' });
  });
});

describe('a waiting device', () => {
  const start = async (letter: string, lifetimeSeconds = 600) => {
    await startDevice(client, {
      deviceCodeSha256: digest(letter),
      userCodeSha256: digest(letter),
      clientId: CLIENT,
      scopes,
      resource: 'https://x.example/mcp',
      lifetimeSeconds,
    });
    return { deviceCodeSha256: digest(letter), clientId: CLIENT };
  };

  test("cannot be given somebody else's grant", async () => {
    const poll = await start('a');
    const grantId = newId('grant');
    await withTenant(client, await inBrowser(ann), [consent(grantId)] as const);
    for (const other of [mallory, bob]) {
      await expect(
        withTenant(client, await inBrowser(other), [decideDevice(digest('a'), grantId)] as const),
      ).rejects.toMatchObject({ sqlstate: 'CW002' });
    }
    expect(await pollDevice(client, poll, null, CALL)).toEqual({ ok: false, reason: 'pending' });
  });

  test('decided twice leaves nothing of the second decision', async () => {
    const poll = await start('b');
    const [first, second] = [newId('grant'), newId('grant')];
    await withTenant(client, await inBrowser(ann), [
      consent(first),
      decideDevice(digest('b'), first),
    ] as const);
    await expect(
      withTenant(client, await inBrowser(bob), [consent(second), decideDevice(digest('b'), second)] as const),
    ).rejects.toMatchObject({ sqlstate: 'CW002' });
    expect(
      await database.asSuperuser('select 1 from app.oauth_grants where grant_id = $1', [second]),
    ).toEqual([]);
    const polled = await pollDevice(client, poll, null, CALL);
    expect(polled.ok && polled.grant.userId).toBe(ann.userId);
    expect(await findWaitingDevice(client, digest('b'))).toBeNull();
  });

  test('is decided by a session alone', async () => {
    await start('c');
    const [answer] = await withTenant(client, ann.principal, [decideDevice(digest('c'), null)] as const);
    expect(answer).toMatchObject({ ok: false });
  });
});

describe('signing keys', () => {
  const key = (letter: string) => ({
    keyId: letter.repeat(43),
    publicJwk: { kty: 'EC' },
    privateKey: `v1.AAAAAAAA.${'A'.repeat(64)}`,
  });
  const rotate = (letter: string, after: string, overlap: string) =>
    database.asOwner('select app.rotate_oauth_key($1, $2, $3, $4, $5)', [
      key(letter).keyId,
      '{"kty":"EC"}',
      key(letter).privateKey,
      after,
      overlap,
    ]);
  const published = async () => (await findKeys(client)).map(({ keyId }) => keyId[0]);

  test('of two isolates that start at once one makes the first', async () => {
    await Promise.all(['a', 'b'].map((letter) => addFirstKey(client, key(letter))));
    expect(await published()).toHaveLength(1);
  });

  test('rotated, the old one verifies beside the new one until the overlap is over', async () => {
    const [first] = await published();
    await rotate('n', '10 minutes', '1 hour');
    expect(await published()).toEqual([first, 'n']);
    await database.asSuperuser(
      "update app.oauth_keys set published_until = now() - interval '1 second' where published_until is not null",
    );
    expect(await published()).toEqual(['n']);
  });

  test('after a theft the others are gone at once', async () => {
    await rotate('t', '0', '0');
    expect(await published()).toEqual(['t']);
  });

  test.each([
    ['a private key in the clear', key('p').keyId, '{"kty":"EC"}', '{"d":"secret"}'],
    ['a private half in the public column', key('q').keyId, '{"kty":"EC","d":"secret"}', key('q').privateKey],
  ])('%s cannot be stored', async (_what, keyId, jwk, envelope) => {
    await expect(
      database.asOwner("select app.rotate_oauth_key($1, $2, $3, '0', '0')", [keyId, jwk, envelope]),
    ).rejects.toThrow('check constraint');
  });
});

describe("the Worker's role", () => {
  test.each(['oauth_keys', 'oauth_clients', 'oauth_codes', 'oauth_refresh_tokens', 'oauth_devices'])(
    'cannot read app.%s',
    async (table) => {
      await expect(database.asApp(`select * from app.${table}`)).rejects.toThrow('permission denied');
    },
  );
  test.each([
    ['rotate_oauth_key', "'k', '{}', 'v1.a.b', '0', '0'"],
    ['revoke_oauth_client', "'cli_test_agent'"],
  ])('cannot call app.%s', async (name, args) => {
    await expect(database.asApp(`select app.${name}(${args})`)).rejects.toThrow('permission denied');
  });
});
