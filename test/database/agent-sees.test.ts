import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import {
  selectDefaultAgentSees,
  setAgentSeesRow,
  setDefaultAgentSeesRow,
} from '../../worker/database/agent-sees.ts';
import { importSight } from '../../worker/database/data.ts';
import { query } from '../../worker/database/query.ts';
import { nextFence, recordOutcome } from '../../worker/database/run-attempts.ts';
import { openUpload } from '../../worker/database/uploads.ts';
import { systemPrincipal } from '../../worker/tenants/system-principal.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { succeeded } from '../support/played-outcome.ts';
import {
  type FurnishedProject,
  furnishProject,
  type ProjectWorld,
  settleProjectWorld,
} from '../support/project-world.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let world: ProjectWorld;
let mia: Inhabitant;
let adam: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  world = await settleProjectWorld(database);
  mia = await world.colleague('Mia', 'member');
  adam = await world.colleague('Adam', 'admin');
});
afterAll(() => database.stop());

const NOBODY = { executor: null, leased_ago_ms: null, started_ago_ms: null };

const signedIn: ProjectWorld['asSignedIn'] = (who, asked) => world.asSignedIn(who, asked);

const raw = (text: string, params: readonly unknown[] = []) =>
  query(text, params, (rows) => rows.map((row) => ({ ...row })));

let projects = 0;
const newProject = (): Promise<FurnishedProject> =>
  furnishProject(database.asSuperuser, world.ann, { name: `Pay ${projects++}`, restricted: false });

/** The name of the source that a furnished project has. */
async function sourceOf({ project }: FurnishedProject): Promise<{ name: string; source: string }> {
  const [row] = await database.asSuperuser(
    'select name, source_id as source from app.data_sources where project_id = $1',
    [project],
  );
  return row as { name: string; source: string };
}

const seenOf = async ({ project }: FurnishedProject) => {
  const [row] = await database.asSuperuser('select agent_sees from app.data_sources where project_id = $1', [
    project,
  ]);
  return row?.agent_sees;
};

describe('what agents see of a source', () => {
  test('is said by owners of the project and admins of the tenant, signed in, and by nobody else, and is recorded', async () => {
    const made = await newProject();
    const { name } = await sourceOf(made);
    const set = (agentSees: 'full' | 'schema_only') => setAgentSeesRow(made.project, name, agentSees);
    expect(await world.as(world.ann.principal, set('schema_only'))).toMatchObject({ ok: false });
    expect(await signedIn(mia, set('schema_only'))).toMatchObject({ ok: false, code: 'insufficient_role' });
    expect(await seenOf(made)).toBe('full');
    expect(await signedIn(adam, set('schema_only'))).toEqual({ ok: true, changed: true });
    expect(await seenOf(made)).toBe('schema_only');
    expect(await world.as(world.ann.principal, set('full'))).toMatchObject({ ok: false });
    expect(await signedIn(mia, set('full'))).toMatchObject({ ok: false, code: 'insufficient_role' });
    expect(await seenOf(made)).toBe('schema_only');
    expect(await signedIn(world.ann, set('full'))).toEqual({ ok: true, changed: true });
    const events = await database.asSuperuser(
      "select details ->> 'agent_sees' as sees, details ->> 'before' as before from app.audit_events where action = 'data.agent_sees' and details ->> 'project' = $1 order by position",
      [made.project],
    );
    expect(events).toEqual([
      { sees: 'schema_only', before: 'full' },
      { sees: 'full', before: 'schema_only' },
    ]);
  });

  test('is less for the uploads that it came from as well, for those of equal bytes, and for no other', async () => {
    const [made, another] = [await newProject(), await newProject()];
    const { name, source } = await sourceOf(made);
    const send = async (project: string, sha256: string) => {
      const upload = newId('upload');
      await database.asSuperuser(
        `insert into app.uploads (tenant_id, upload_id, project_id, name, format, bytes, created_by, expires_at, received_sha256, received_at)
         values ($1, $3, $2, 'sent', 'csv', 3, $4, now(), $5, now())`,
        [world.ann.tenantId, project, upload, world.ann.userId, sha256],
      );
      return upload;
    };
    const [snapshot] = await database.asSuperuser(
      'select sha256 from app.data_snapshots where source_id = $1',
      [source],
    );
    const same = String(snapshot?.sha256);
    const came = await send(made.project, 'a'.repeat(64));
    const equal = await send(made.project, same);
    const others = [await send(made.project, 'b'.repeat(64)), await send(another.project, same)];
    await database.asSuperuser(
      "update app.data_snapshots set origin = jsonb_build_object('kind', 'upload', 'upload', $2::text) where source_id = $1",
      [source, came],
    );
    await signedIn(world.ann, setAgentSeesRow(made.project, name, 'schema_only'));
    const withheld = await database.asSuperuser(
      "select upload_id from app.uploads where agent_sees = 'schema_only' and upload_id = any ($1)",
      [[came, equal, ...others]],
    );
    expect(withheld.map(({ upload_id }) => upload_id).sort()).toEqual([came, equal].sort());
  });

  test('is as little for what was announced under its name, whatever it is imported as', async () => {
    const made = await newProject();
    const { name } = await sourceOf(made);
    const announce = async (as: string) => {
      const upload = newId('upload');
      const opened = openUpload({
        ...{ project: made.project, upload, name: as, format: 'csv', bytes: 3, sha256: null },
        ...{ agentSees: undefined, lifetimeMs: 60_000, openMax: 100 },
      });
      expect(await world.as(world.ann.principal, opened)).toMatchObject({ ok: true });
      return upload;
    };
    const sightOf = (upload: string) =>
      world.as(
        world.ann.principal,
        importSight({
          ...{ project: made.project, name: 'anything', agentSees: undefined },
          origin: { kind: 'upload', upload },
        }),
      );
    const [before, other] = [await announce(name), await announce('other')];
    expect([await sightOf(before), await sightOf(other)]).toEqual(['all', 'all']);
    await signedIn(world.ann, setAgentSeesRow(made.project, name, 'schema_only'));
    const after = await announce(name);
    expect([await sightOf(before), await sightOf(after), await sightOf(other)]).toEqual([
      ...['schema', 'schema', 'all'],
    ]);
    expect(
      await signedIn(
        world.ann,
        importSight({
          ...{ project: made.project, name: 'anything', agentSees: undefined },
          origin: { kind: 'upload', upload: after },
        }),
      ),
    ).toBe('all');
  });

  test('is full where a person said so of a source itself, until somebody says less of it or of what comes to its project', async () => {
    const made = await newProject();
    const { name } = await sourceOf(made);
    const set = (agentSees: 'full' | 'schema_only') =>
      signedIn(world.ann, setAgentSeesRow(made.project, name, agentSees));
    const setDefault = (project: string | null, agentSees: 'full' | 'schema_only') =>
      signedIn(project === null ? adam : world.ann, setDefaultAgentSeesRow(project, agentSees));
    const nextIs = (as = name, agentSees?: 'schema_only') =>
      world.as(
        world.ann.principal,
        importSight({
          ...{ project: made.project, name: as, agentSees },
          origin: { kind: 'text', sha256: 'c'.repeat(64), bytes: 3 },
        }),
      );
    for (const project of [made.project, null]) {
      expect(await nextIs()).toBe('all');
      await setDefault(project, 'schema_only');
      expect(await nextIs(), 'nobody said anything of the source').toBe('schema');
      expect(await set('full')).toEqual({ ok: true, changed: true });
      expect(await set('full')).toEqual({ ok: true, changed: false });
      expect(await nextIs()).toBe('all');
      expect([await nextIs('another'), await nextIs(name, 'schema_only')]).toEqual(['schema', 'schema']);
      await setDefault(project, 'schema_only');
      expect(await nextIs(), 'the later word holds').toBe('schema');
      await set('full');
      await set('schema_only');
      expect(await nextIs()).toBe('schema');
      await setDefault(project, 'full');
      await set('full');
    }
  });

  test('is told with the end of a run, as it is at that moment', async () => {
    const made = await newProject();
    const { name, source } = await sourceOf(made);
    const runs = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const run = newId('run');
        await database.asSuperuser(
          `insert into app.runs (tenant_id, run_id, project_id, pool_id, kind, entry, manifest, manifest_sha256, created_by)
           select $1, $2, $3, (select pool_id from app.pools where owner_tenant is null limit 1), 'scratch', 'm.py',
                  jsonb_build_object('data', jsonb_build_array(jsonb_build_object('source', $4::text))), $5, $6`,
          [world.ann.tenantId, run, made.project, source, String(n).repeat(64), world.ann.userId],
        );
        return run;
      }),
    );
    const [first = '', second = '', third = ''] = runs;
    const system = systemPrincipal(world.ann.tenantId);
    const ends = (run: string) => recordOutcome(run, 1, succeeded(), NOBODY);
    expect(await world.as(system, ends(first))).toEqual({ step: 'recorded', withheld: false });
    await signedIn(world.ann, setAgentSeesRow(made.project, name, 'schema_only'));
    expect(await world.as(system, ends(second))).toEqual({ step: 'recorded', withheld: true });
    for (const run of [first, second]) {
      expect(await world.as(system, ends(run))).toMatchObject({ step: 'finished', withheld: true });
      expect(await world.as(system, nextFence(run, 1, { executor: null, reason: 'died' }))).toMatchObject({
        ...{ step: 'finished', withheld: true },
      });
    }
    await signedIn(world.ann, setAgentSeesRow(made.project, name, 'full'));
    expect(await world.as(system, ends(third))).toEqual({ step: 'recorded', withheld: true });
  });

  test('is not loosened by SQL that Mallory injects into an agent’s call', async () => {
    const made = await newProject();
    const { name, source } = await sourceOf(made);
    await signedIn(world.ann, setAgentSeesRow(made.project, name, 'schema_only'));
    const injected = raw("update app.data_sources set agent_sees = 'full' where source_id = $1", [source]);
    await expect(world.as(world.ann.principal, injected)).rejects.toThrow(/loosened by a person/);
    const said = raw('update app.data_sources set full_said = true where source_id = $1', [source]);
    await expect(world.as(world.ann.principal, said)).rejects.toThrow(/permission denied/);
    await expect(
      world.as(
        world.ann.principal,
        raw('update app.runs set withheld = false where project_id = $1', [made.project]),
      ),
    ).rejects.toThrow(/permission denied/);
    await database.asSuperuser('update app.data_sources set derived = true where source_id = $1', [source]);
    const underived = raw('update app.data_sources set derived = false where source_id = $1', [source]);
    await expect(world.as(world.ann.principal, underived)).rejects.toThrow(/stays so/);
    expect(await seenOf(made)).toBe('schema_only');
  });

  test('is all for a person’s session and the schema for every other credential', async () => {
    const sight = raw(
      "select app.sight('schema_only', false) as rows, app.sight('schema_only', true) as derived",
    );
    expect(await signedIn(world.ann, sight)).toEqual([{ rows: 'all', derived: 'all' }]);
    const token = await world.as(world.ann.principal, sight);
    expect(token).toEqual([{ rows: 'schema', derived: 'shape' }]);
    const system = { ...world.ann.principal, userId: null, credential: { kind: 'system', id: 'x' } } as const;
    expect(await world.as(system, sight)).toEqual(token);
  });

  test('of sources that come is the strictest of tenant and project', async () => {
    const made = await newProject();
    const defaults = () =>
      world.as(world.ann.principal, raw('select app.default_agent_sees($1) as sees', [made.project]));
    expect(await defaults()).toEqual([{ sees: 'full' }]);
    expect(await signedIn(mia, setDefaultAgentSeesRow(made.project, 'schema_only'))).toMatchObject({
      ok: false,
    });
    await signedIn(world.ann, setDefaultAgentSeesRow(made.project, 'schema_only'));
    expect(await defaults()).toEqual([{ sees: 'schema_only' }]);
    await signedIn(world.ann, setDefaultAgentSeesRow(made.project, 'full'));
    expect(await signedIn(mia, setDefaultAgentSeesRow(null, 'schema_only'))).toMatchObject({ ok: false });
    await signedIn(adam, setDefaultAgentSeesRow(null, 'schema_only'));
    expect(await defaults()).toEqual([{ sees: 'schema_only' }]);
    expect(await signedIn(adam, selectDefaultAgentSees(made.project))).toEqual({
      ...{ tenant: 'schema_only', project: 'full' },
    });
    await signedIn(adam, setDefaultAgentSeesRow(null, 'full'));
  });
});

describe('a start on data of which agents see the schema only', () => {
  test('is one of so many a minute, counted for the tenant and no other', async () => {
    const take = raw('select app.system_take_withheld_start(6) as wait');
    const minute = async () => {
      const [row] = await database.asSuperuser("select date_trunc('minute', clock_timestamp())::text as at");
      return row?.at;
    };
    const six = async () => {
      const waits: unknown[] = [];
      for (let n = 0; n < 7; n++) waits.push((await world.as(world.ann.principal, take))[0]?.wait);
      return waits;
    };
    const before = await minute();
    let waits = await six();
    // A minute that ended meanwhile gave six more.
    if ((await minute()) !== before) waits = await six();
    expect(waits.slice(0, 6)).toEqual([null, null, null, null, null, null]);
    expect(waits[6]).toBeGreaterThan(0);
    expect(waits[6]).toBeLessThanOrEqual(60);
    const other = await settle(database.asOwner, { person: 'Olga', tenant: 'Other' });
    expect((await world.as(other.principal, take))[0]?.wait).toBe(null);
  });
});
