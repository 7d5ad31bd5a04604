import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import {
  removeProjectMemberRow,
  restrictProjectRow,
  selectAdministeredProjects,
  selectProjectMembers,
  setProjectMemberRow,
} from '../../worker/database/project-members.ts';
import { type Query, query } from '../../worker/database/query.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  type FurnishedProject,
  furnishProject,
  type ProjectWorld,
  settleProjectWorld,
} from '../support/project-world.ts';
import type { Inhabitant } from '../support/tenants.ts';

const FIRST = { after: { name: '', id: '' }, limit: 100 };

let database: TestDatabase;
let world: ProjectWorld;
/** An admin of the tenant without a role on the restricted project. */
let adam: Inhabitant;
/** A viewer of the tenant whom somebody made owner of a project. */
let vic: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  world = await settleProjectWorld(database);
  adam = await world.colleague('Adam', 'admin');
  vic = await world.colleague('Vic', 'viewer');
});
afterAll(() => database.stop());

/** What somebody signed in is answered. */
const signedIn: ProjectWorld['asSignedIn'] = (who, asked) => world.asSignedIn(who, asked);

/** Resolves when so many wait for what another holds. */
const untilWaiting = (count: number) => {
  const waiting =
    "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  return expect.poll(() => database.asSuperuser(waiting)).toHaveLength(count);
};

let projects = 0;
/** A restricted project of Ann's on which Bob is editor and Vera viewer, and Vic, a viewer of the tenant, owner. */
async function newProject(): Promise<FurnishedProject> {
  const made = await furnishProject(database.asSuperuser, world.ann, {
    name: `Plan ${projects++}`,
    restricted: true,
  });
  await world.give(world.bob, made, 'editor');
  await world.give(world.vera, made, 'viewer');
  await world.give(vic, made, 'owner');
  return made;
}

const rolesOn = async ({ project }: FurnishedProject) => {
  const rows = await database.asSuperuser(
    'select user_id, role from app.project_members where project_id = $1',
    [project],
  );
  return Object.fromEntries(rows.map(({ user_id, role }) => [user_id as string, role]));
};

describe('who works on a project is said by its owners and the admins of the tenant, and by nobody else:', () => {
  const changes: readonly (readonly [
    string,
    (of: FurnishedProject) => Query<{ ok: boolean; code?: string }>,
  ])[] = [
    ['give a role', ({ project }) => setProjectMemberRow(project, world.mallory.userId, 'editor')],
    ['take a role', ({ project }) => removeProjectMemberRow(project, world.vera.userId)],
    ['open it', ({ project }) => restrictProjectRow(project, false)],
  ];
  test.each(changes)('to %s', async (what, change) => {
    const { ann, bob, vera, mallory } = world;
    const verdicts: Record<string, unknown> = {};
    for (const [name, who] of Object.entries({ ann, adam, bob, vera, vic, mallory })) {
      const answer = await signedIn(who, change(await newProject()));
      verdicts[name] = answer.ok ? 'done' : answer.code;
    }
    expect(verdicts).toEqual({
      ann: 'done',
      adam: 'done',
      bob: 'insufficient_role',
      vera: what === 'take a role' ? 'done' : 'insufficient_role',
      vic: 'insufficient_role',
      mallory: 'not_found',
    });
  });

  test.each(changes)('to %s, by no token', async (_what, change) => {
    const made = await newProject();
    const before = await rolesOn(made);
    const bound = await world.boundTo(world.ann, world.open);
    for (const { principal } of [world.ann, adam, bound])
      expect(await world.as(principal, change(made))).toMatchObject({ ok: false, code: 'not_found' });
    expect(await rolesOn(made)).toEqual(before);
  });

  test.each(changes)('to %s that is not there is answered as one that is hidden', async (_what, change) => {
    const absent = { ...(await newProject()), project: newId('project') };
    const [toAbsent, toHidden] = [
      await signedIn(world.mallory, change(absent)),
      await signedIn(world.mallory, change(await newProject())),
    ];
    expect(toHidden).toEqual(toAbsent);
  });

  test('and nobody who is no active member of the tenant is given a role', async () => {
    const made = await newProject();
    const fay = await world.colleague('Fay');
    await database.asSuperuser("update app.memberships set status = 'ended' where user_id = $1", [
      fay.userId,
    ]);
    for (const user of [fay.userId, newId('user')])
      expect(await signedIn(world.ann, setProjectMemberRow(made.project, user, 'viewer'))).toEqual({
        ...{ ok: false, code: 'not_found', details: { kind: 'member' } },
      });
  });
});

describe('who is removed from the tenant at the same moment has no role that an invitation back would wake:', () => {
  test.each([
    [
      'given one',
      'not_found',
      async (mallory: Inhabitant) => {
        const { project } = await newProject();
        return () => signedIn(world.ann, setProjectMemberRow(project, mallory.userId, 'owner'));
      },
    ],
    [
      'the maker of a project',
      undefined,
      async (mallory: Inhabitant) => () =>
        world.as(
          mallory.principal,
          query(
            'insert into app.projects (project_id, name) values ($1, $2)',
            [newId('project'), `Made while leaving ${projects++}`],
            () => ({}),
          ),
        ),
    ],
  ])('%s', async (what, code, prepare) => {
    const mallory = await world.colleague(`Moll ${what}`.replaceAll(' ', ''));
    const act = await prepare(mallory);
    const remover = new pg.Client({ connectionString: database.superuserUrl });
    await remover.connect();
    try {
      await remover.query('begin');
      await remover.query("update app.memberships set status = 'ended' where user_id = $1", [mallory.userId]);
      const answered = act();
      await untilWaiting(1);
      await remover.query('commit');
      expect(await answered).toEqual(expect.objectContaining(code === undefined ? {} : { ok: false, code }));
    } finally {
      await remover.end();
    }
    const left = await database.asSuperuser('select from app.project_members where user_id = $1', [
      mallory.userId,
    ]);
    expect(left).toEqual([]);
  });
});

describe('an admin of the tenant', () => {
  test('names the members of a restricted project, sees inside only after naming themselves, and that is recorded', async () => {
    const made = await newProject();
    const listed = await signedIn(adam, selectAdministeredProjects(true, FIRST));
    expect(listed.rows.find(({ project }) => project === made.project)).toMatchObject({
      role: null,
      administers: true,
    });
    expect(await world.seen(adam, made)).toEqual(world.inEach(0));
    await signedIn(adam, setProjectMemberRow(made.project, adam.userId, 'viewer'));
    expect((await world.seen(adam, made))['app.commits']).toBe(1);
    const events = await database.asSuperuser(
      "select actor_user_id, credential_kind, action, details from app.audit_events where target_id = $1 and action like 'project.%member'",
      [made.project],
    );
    expect(events).toEqual([
      {
        actor_user_id: adam.userId,
        credential_kind: 'session',
        action: 'project.set_member',
        details: { user: adam.userId, role: 'viewer', before: null },
      },
    ]);
  });
});

describe('lists', () => {
  test('show a person the projects that they see or administer, and of those their members', async () => {
    const made = await newProject();
    const names = async (who: Inhabitant, administeredOnly: boolean) =>
      (await signedIn(who, selectAdministeredProjects(administeredOnly, FIRST))).rows.map(
        ({ project }) => project,
      );
    expect(await names(world.ann, true)).toContain(made.project);
    expect(await names(world.bob, false)).toContain(made.project);
    expect(await names(world.bob, true)).not.toContain(made.project);
    expect(await names(world.mallory, false)).not.toContain(made.project);
    const members = await signedIn(world.vera, selectProjectMembers(made.project, FIRST));
    expect(members.ok && members.rows.map(({ name, role }) => [name, role])).toEqual([
      ['Ann', 'owner'],
      ['Bob', 'editor'],
      ['Vera', 'viewer'],
      ['Vic', 'owner'],
    ]);
    expect(await signedIn(world.mallory, selectProjectMembers(made.project, FIRST))).toEqual(
      await signedIn(world.mallory, selectProjectMembers(newId('project'), FIRST)),
    );
  });

  test('are paged by name', async () => {
    const made = await newProject();
    const page = await signedIn(
      world.ann,
      selectProjectMembers(made.project, { after: { name: 'bob', id: world.bob.userId }, limit: 1 }),
    );
    expect(page.ok && [page.total, page.rows.map(({ name }) => name)]).toEqual([4, ['Vera']]);
  });
});

describe('a project keeps an owner', () => {
  const alone = async () => {
    const made = await furnishProject(database.asSuperuser, world.ann, {
      name: `Lone ${projects++}`,
      restricted: true,
    });
    await world.give(world.bob, made, 'editor');
    return made;
  };

  test('whoever lowers or removes the last one', async () => {
    const made = await alone();
    for (const who of [world.ann, adam]) {
      for (const change of [
        setProjectMemberRow(made.project, world.ann.userId, 'editor'),
        removeProjectMemberRow(made.project, world.ann.userId),
      ])
        expect(await signedIn(who, change)).toEqual({ ok: false, code: 'last_owner' });
    }
  });

  test('when two lower each other at once', async () => {
    const made = await alone();
    await world.give(world.bob, made, 'owner');
    // Both are let go on only when both have come as far as they can.
    const holder = new pg.Client({ connectionString: database.superuserUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from app.project_members where project_id = $1 for update', [made.project]);
    const changes = Promise.all([
      signedIn(world.ann, setProjectMemberRow(made.project, world.bob.userId, 'viewer')),
      signedIn(world.bob, setProjectMemberRow(made.project, world.ann.userId, 'viewer')),
    ]);
    await untilWaiting(2);
    await holder.query('commit');
    await holder.end();
    expect((await changes).filter(({ ok }) => ok)).toHaveLength(1);
    expect(Object.values(await rolesOn(made)).sort()).toEqual(['owner', 'viewer']);
  });

  test('who is its admin, where its owners have left the tenant and it is restricted', async () => {
    const fay = await world.colleague('Faye');
    const made = await furnishProject(database.asSuperuser, fay, { name: 'Left behind' });
    await database.asSuperuser("update app.memberships set status = 'ended' where user_id = $1", [
      fay.userId,
    ]);
    expect(await signedIn(adam, restrictProjectRow(made.project, true))).toEqual({ ok: true, changed: true });
    expect(await rolesOn(made)).toEqual({ [adam.userId]: 'owner' });
  });
});

describe('opening a project', () => {
  test('whose name an open one has is refused, and shows it to all where not', async () => {
    const clash = await furnishProject(database.asSuperuser, world.ann, { name: 'SALES', restricted: true });
    expect(await signedIn(world.ann, restrictProjectRow(clash.project, false))).toEqual({
      ...{ ok: false, code: 'already_exists' },
    });
    const made = await newProject();
    expect((await world.seen(world.mallory, made))['app.runs']).toBe(0);
    expect(await signedIn(world.ann, restrictProjectRow(made.project, false))).toEqual({
      ok: true,
      changed: true,
    });
    expect((await world.seen(world.mallory, made))['app.runs']).toBe(1);
    expect(await signedIn(world.ann, restrictProjectRow(made.project, true))).toEqual({
      ok: true,
      changed: true,
    });
    expect((await world.seen(world.mallory, made))['app.runs']).toBe(0);
  });

  test('at the moment at which another of its name is opened is refused as one that comes later', async () => {
    const [first, second] = [
      await furnishProject(database.asSuperuser, world.ann, { name: 'Race', restricted: true }),
      await furnishProject(database.asSuperuser, world.ann, { name: 'race', restricted: true }),
    ];
    const holder = new pg.Client({ connectionString: database.superuserUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('update app.projects set restricted = false where project_id = $1', [first.project]);
    const answer = signedIn(world.ann, restrictProjectRow(second.project, false));
    await untilWaiting(1);
    await holder.query('commit');
    await holder.end();
    expect(await answer).toEqual({ ok: false, code: 'already_exists' });
    const [left] = await database.asSuperuser('select restricted from app.projects where project_id = $1', [
      second.project,
    ]);
    expect(left).toEqual({ restricted: true });
  });
});
