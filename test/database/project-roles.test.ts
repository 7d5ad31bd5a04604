import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { callFunction } from '../../worker/database/call-function.ts';
import { selectProjectAt, selectProjects } from '../../worker/database/projects.ts';
import { query } from '../../worker/database/query.ts';
import { beginCancel, selectRunPage, selectRuns } from '../../worker/database/runs.ts';
import { systemPrincipal } from '../../worker/tenants/system-principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  type FurnishedProject,
  furnishProject,
  type ProjectWorld,
  settleProjectWorld,
} from '../support/project-world.ts';
import type { Inhabitant } from '../support/tenants.ts';

let database: TestDatabase;
let world: ProjectWorld;

beforeAll(async () => {
  database = await startTestDatabase();
  world = await settleProjectWorld(database);
});
afterAll(() => database.stop());

const PAGE = { archived: true, after: { name: '', id: '' }, limit: 100 };
const rows = (sql: string, values: readonly unknown[] = []) => query(sql, values, (found) => found);

describe('what a person may do on a project is the least of', () => {
  const cases: readonly (readonly [string | null, boolean, string | null, string | null])[] = [
    // tenant role, restricted, role on the project, what comes of it
    ['viewer', false, null, 'viewer'],
    ['member', false, null, 'editor'],
    ['admin', false, null, 'owner'],
    ['owner', false, null, 'owner'],
    ['viewer', true, null, null],
    ['member', true, null, null],
    ['admin', true, null, null],
    ['owner', true, null, null],
    ['viewer', true, 'viewer', 'viewer'],
    ['viewer', true, 'editor', 'viewer'],
    ['viewer', true, 'owner', 'viewer'],
    ['viewer', false, 'owner', 'viewer'],
    ['member', true, 'viewer', 'viewer'],
    ['member', true, 'editor', 'editor'],
    ['member', true, 'owner', 'owner'],
    ['member', false, 'viewer', 'viewer'],
    ['owner', false, 'viewer', 'viewer'],
    ['owner', true, 'editor', 'editor'],
    [null, false, null, null],
    [null, true, 'owner', null],
  ];
  test.each(cases)(
    'tenant role %s, restricted %s, project role %s: %s',
    async (tenant, restricted, given, right) => {
      const [row] = await database.asSuperuser('select app.least_project_role($1, $2, $3) as role', [
        tenant,
        restricted,
        given,
      ]);
      expect(row?.role).toBe(right);
    },
  );
});

describe('a restricted project', () => {
  test('shows SQL of a member of the tenant no row in any table that holds rows of projects', async () => {
    expect(Object.keys(world.inEach(0)).length).toBeGreaterThanOrEqual(9);
    expect(await world.seen(world.mallory, world.secret)).toEqual(world.inEach(0));
    expect(await world.seen(world.ann, world.secret)).toEqual({
      ...world.inEach(1),
      'app.project_members': 3,
    });
    expect(await world.seen(world.mallory, world.open)).toEqual(world.inEach(1));
  });

  test('is hidden from an admin of the tenant who has no role on it', async () => {
    const adam = await world.colleague('Adam', 'admin');
    expect(await world.seen(adam, world.secret)).toEqual(world.inEach(0));
  });

  test('is hidden from the next request on from who lost the role', async () => {
    const eve = await world.colleague('Eve');
    await world.give(eve, world.secret, 'editor');
    expect((await world.seen(eve, world.secret))['app.runs']).toBe(1);
    await database.asSuperuser('delete from app.project_members where user_id = $1', [eve.userId]);
    expect(await world.seen(eve, world.secret)).toEqual(world.inEach(0));
  });

  test('gives no role back to who left the tenant and came again', async () => {
    const eve = await world.colleague('Evelyn');
    await world.give(eve, world.secret, 'owner');
    for (const status of ['ended', 'active'])
      await database.asSuperuser('update app.memberships set status = $2 where user_id = $1', [
        eve.userId,
        status,
      ]);
    expect(await world.seen(eve, world.secret)).toEqual(world.inEach(0));
  });

  test('is seen by the system, which finishes its runs', async () => {
    expect(await world.as(systemPrincipal(world.ann.tenantId), selectRuns([world.secret.run]))).toHaveLength(
      1,
    );
  });

  test('is answered as one that is not there, by id, by name and by run', async () => {
    for (const reference of [world.secret.project, 'merger', newId('project'), 'No such']) {
      expect(await world.as(world.mallory.principal, selectProjectAt(reference, null)), reference).toBeNull();
      const page = { project: reference, states: null, before: null, limit: 10 };
      expect(await world.as(world.mallory.principal, selectRunPage(page)), reference).toBeNull();
    }
    for (const run of [world.secret.run, newId('run')]) {
      expect(await world.as(world.mallory.principal, selectRuns([run]))).toEqual([]);
      expect(await world.as(world.mallory.principal, beginCancel(run))).toEqual({
        ok: false,
        code: 'not_found',
      });
    }
    const listed = await world.as(world.mallory.principal, selectProjects(PAGE));
    expect([listed.total, listed.rows.map(({ name }) => name)]).toEqual([1, ['Sales']]);
  });
});
describe('whoever may only read a project writes nothing there, not even by SQL of their own:', () => {
  const writes: readonly (readonly [string, (of: FurnishedProject) => string])[] = [
    [
      'a tree',
      ({ project }) =>
        `insert into app.trees (project_id, tree_id, files, file_count, bytes) values ('${project}', '${'1'.repeat(40)}', '{}', 0, 0)`,
    ],
    [
      'the head',
      ({ project }) => `update app.projects set head_commit = head_commit where project_id = '${project}'`,
    ],
    [
      'an upload',
      ({ upload }) =>
        `update app.uploads set received_sha256 = repeat('b', 64), received_at = now() where upload_id = '${upload}'`,
    ],
    [
      'a run',
      ({ project }) =>
        `insert into app.runs (run_id, project_id, pool_id, kind, entry, manifest, manifest_sha256) values ('${newId('run')}', '${project}', 'pol_00000000000000000000000000', 'scratch', 'x', '{}', repeat('a', 64))`,
    ],
    [
      'a stored answer',
      ({ project }) =>
        `insert into app.idempotency_keys (key, tool, arguments_sha256, result, project_id) values ('forged-key', 'x', repeat('a', 64), '{}', '${project}')`,
    ],
  ];
  test.each(writes)('%s', async (_what, sql) => {
    const write = ({ principal }: Inhabitant) =>
      world.as(principal, rows(`${sql(world.secret)} returning 1 as written`));
    for (const who of [world.vera, world.mallory]) {
      await write(who).then(
        (written) => expect(written).toEqual([]),
        (error: { sqlstate?: string }) => expect(error.sqlstate).toBe('42501'),
      );
    }
    expect(await write(world.bob)).toEqual([{ written: 1 }]);
  });

  test('a role', async () => {
    for (const who of [world.mallory, world.vera, world.bob, world.ann]) {
      for (const sql of [
        `insert into app.project_members (project_id, user_id, role) values ('${world.open.project}', '${who.userId}', 'owner')`,
        "update app.project_members set role = 'owner'",
        'delete from app.project_members',
        'update app.projects set restricted = false',
      ])
        await expect(world.as(who.principal, rows(sql)), sql).rejects.toMatchObject({ sqlstate: '42501' });
    }
  });
});

describe('the name of a restricted project', () => {
  test('is free to who does not see it, and then names neither to who sees both', async () => {
    const made = newId('project');
    const create = (who: Inhabitant, id: string) =>
      world.as(
        who.principal,
        callFunction('app.create_project($1, $2, $3, false, null)', [id, 'MERGER', '']),
      );
    expect(await create(world.bob, newId('project'))).toMatchObject({ ok: false, code: 'already_exists' });
    expect(await create(world.mallory, made)).toEqual({ ok: true, project: made });
    expect((await world.as(world.mallory.principal, selectProjectAt('Merger', null)))?.project.id).toBe(made);
    expect(await world.as(world.bob.principal, selectProjectAt('Merger', null))).toBeNull();
    expect(
      (await world.as(world.bob.principal, selectProjectAt(world.secret.project, null)))?.project.id,
    ).toBe(world.secret.project);
    expect(await create(world.mallory, newId('project'))).toMatchObject({
      ok: false,
      code: 'already_exists',
    });
  });

  test('of the form of an id names no project', async () => {
    await furnishProject(database.asSuperuser, world.mallory, { name: world.secret.project });
    expect(
      (await world.as(world.bob.principal, selectProjectAt(world.secret.project, null)))?.project.name,
    ).toBe('Merger');
    expect(await world.as(world.mallory.principal, selectProjectAt(world.secret.project, null))).toBeNull();
  });
});

test('whoever makes a project is its owner', async () => {
  const id = newId('project');
  await world.as(
    world.mallory.principal,
    callFunction('app.create_project($1, $2, $3, true, null)', [id, 'Own', '']),
  );
  expect(
    await database.asSuperuser('select user_id, role from app.project_members where project_id = $1', [id]),
  ).toEqual([{ user_id: world.mallory.userId, role: 'owner' }]);
  expect(await world.as(world.ann.principal, selectProjectAt(id, null))).toBeNull();
});

test('SQL in a call reads the audit log, which names projects, as an admin of the whole tenant alone', async () => {
  await world.as(
    world.ann.principal,
    callFunction('app.create_project($1, $2, $3, true, null)', [newId('project'), 'Hush', '']),
  );
  const named = (who: Inhabitant) =>
    world.as(
      { ...who.principal, requestId: newId('request') },
      rows("select 1 from app.audit_events where details ->> 'name' = 'Hush'"),
    );
  expect(await named(world.ann)).toHaveLength(1);
  expect(await named(world.mallory)).toEqual([]);
  expect(await named(await world.boundTo(world.ann, world.open))).toEqual([]);
});
