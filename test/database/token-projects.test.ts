import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { callFunction } from '../../worker/database/call-function.ts';
import { query } from '../../worker/database/query.ts';
import { openUpload } from '../../worker/database/uploads.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type ProjectWorld, settleProjectWorld } from '../support/project-world.ts';
import type { Inhabitant } from '../support/tenants.ts';

let database: TestDatabase;
let world: ProjectWorld;
/** Bob's own token for the open project alone. */
let bound: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  world = await settleProjectWorld(database);
  bound = await world.boundTo(world.bob, world.open);
});
afterAll(() => database.stop());

const rows = (sql: string, values: readonly unknown[] = []) => query(sql, values, (found) => found);

describe('a token for some projects only', () => {
  test('shows no row of another project of its person, in any table', async () => {
    expect((await world.seen(world.bob, world.secret))['app.commits']).toBe(1);
    expect(await world.seen(bound, world.secret)).toEqual(world.inEach(0));
    expect(await world.seen(bound, world.open)).toEqual(world.inEach(1));
  });

  test('never shows what its person does not see (any more)', async () => {
    const token = await world.boundTo(world.bob, world.secret, world.open);
    expect((await world.seen(token, world.secret))['app.commits']).toBe(1);
    await database.asSuperuser('delete from app.project_members where user_id = $1', [world.bob.userId]);
    expect(await world.seen(token, world.secret)).toEqual(world.inEach(0));
    await world.give(world.bob, world.secret, 'editor');
  });

  test('makes no project, not even by SQL of its own', async () => {
    const create = callFunction('app.create_project($1, $2, $3, false, null)', [
      newId('project'),
      'Mine',
      '',
    ]);
    expect(await world.as(bound.principal, create)).toEqual({ ok: false, code: 'token_restricted' });
    await expect(
      world.as(
        bound.principal,
        rows("insert into app.projects (project_id, name) values ($1, 'Mine')", [newId('project')]),
      ),
    ).rejects.toMatchObject({ sqlstate: '42501' });
  });

  test('cannot be made for a project that its person does not see', async () => {
    for (const reference of [world.secret.project, 'Merger', newId('project'), 'No such']) {
      const [made] = await database.asOwner(
        "select app.create_api_token($1, $2, $3, 'x', $4, '{projects:read}', null, null, null, $5) as answer",
        [world.mallory.tenantId, newId('token'), world.mallory.userId, `$argon2id$v=19$m=1$x`, [reference]],
      );
      expect(made?.answer).toEqual({ ok: false, code: 'project_not_found', details: { project: reference } });
    }
  });

  test('keeps its projects when it is rotated, and an empty list is no list', async () => {
    const successor = newId('token');
    await database.asOwner("select app.rotate_api_token($1, $2, $3, interval '1 hour')", [
      bound.tokenId,
      successor,
      `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'C'.repeat(43)}`,
    ]);
    const rotated = {
      ...bound,
      principal: { ...bound.principal, credential: { kind: 'api_token', id: successor } as const },
    };
    expect(await world.seen(rotated, world.secret)).toEqual(world.inEach(0));
    expect(await world.seen(rotated, world.open)).toEqual(world.inEach(1));
    await expect(
      database.asOwner(
        "select app.create_api_token($1, $2, $3, 'x', $4, '{projects:read}', null, null, null, '{}')",
        [world.bob.tenantId, newId('token'), world.bob.userId, `$argon2id$v=19$m=19456$x`],
      ),
    ).rejects.toMatchObject({ code: '23514' });
  });
});

describe('an answer that is kept for a repeated call', () => {
  const recall = (project: string) =>
    callFunction('app.recall($1)', [
      JSON.stringify({ key: `key-of-${project}`, tool: 'write_files', arguments_sha256: 'a'.repeat(64) }),
    ]);

  test('is repeated to who made it and sees the project, and to no other credential of theirs', async () => {
    const own = await world.boundTo(world.ann, world.open);
    expect(await world.as(world.ann.principal, recall(world.secret.project))).toMatchObject({
      commit: 'told',
      replayed: true,
    });
    expect(await world.as(own.principal, recall(world.open.project))).toMatchObject({
      commit: 'told',
      replayed: true,
    });
    expect(await world.as(own.principal, recall(world.secret.project))).toEqual({
      ok: false,
      code: 'idempotency_conflict',
    });
    expect(await world.as(world.mallory.principal, recall(world.secret.project))).toBeNull();
  });
});

test('a quota is the tenant’s, and counts what its caller does not see', async () => {
  const upload = (openMax: number) =>
    openUpload({
      ...{
        project: world.open.project,
        upload: newId('upload'),
        name: 'x',
        format: 'csv',
        bytes: 1,
        sha256: null,
      },
      ...{ lifetimeMs: 60_000, openMax },
    });
  const [counted] = await database.asSuperuser(
    'select count(*)::int as n from app.uploads where tenant_id = $1 and received_at is null',
    [world.ann.tenantId],
  );
  const open_ = counted?.n as number;
  expect(await world.as(bound.principal, upload(open_))).toEqual({ ok: false, code: 'limit_exceeded' });
  expect(await world.as(bound.principal, upload(open_ + 1))).toMatchObject({ ok: true });
});
