import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import type { Description } from '../../worker/data/description.ts';
import { DESCRIBER } from '../../worker/data/description.ts';
import { beginImport, recordSnapshot, selectSource, selectSources } from '../../worker/database/data.ts';
import type { Database } from '../../worker/database/database.ts';
import { createProjectRow } from '../../worker/database/projects.ts';
import type { Query } from '../../worker/database/query.ts';
import { finishUpload, openUpload, selectAwaitedUpload } from '../../worker/database/uploads.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let mallory: Inhabitant;
let project: string;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  project = await newProject(ann, 'Forecast');
  await newProject(mallory, 'Forecast');
});
afterAll(() => database.stop());

async function ask<Result>(who: Inhabitant, query: Query<Result>): Promise<Result> {
  const [result] = await withTenant(client, who.principal, [query] as const);
  return result;
}

async function newProject(who: Inhabitant, name: string): Promise<string> {
  const made = await ask(
    who,
    createProjectRow({ id: newId('project'), name, description: '', restricted: false, idempotency: null }),
  );
  if (!made.ok) throw new Error(made.code);
  return made.project;
}

const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');
const describing = (rows: number): Description => ({
  describer: DESCRIBER,
  row_count: rows,
  column_count: 1,
  columns: [{ name: 'eur', type: 'integer', nulls: 0, min: 1, max: 2 }],
  sample: [['1']],
});

const snapshot = (name: string, text: string, more: object = {}) => ({
  project: 'Forecast',
  source: newId('source'),
  name,
  snapshot: {
    sha256: sha256Of(text),
    format: 'csv' as const,
    bytes: text.length,
    description: describing(1),
    origin: { kind: 'text' as const, sha256: sha256Of(text), bytes: text.length },
  },
  sourcesMax: 500,
  idempotency: null,
  ...more,
});

const upload = (more: object = {}) => ({
  project: 'Forecast',
  upload: newId('upload'),
  name: 'flights',
  format: 'parquet' as const,
  bytes: 10,
  sha256: null,
  lifetimeMs: 60_000,
  openMax: 20,
  ...more,
});

describe('a data source', () => {
  test('means its newest snapshot, and keeps the earlier ones', async () => {
    const first = await ask(ann, recordSnapshot(snapshot('sales', 'one')));
    const second = await ask(ann, recordSnapshot(snapshot('sales', 'two')));
    expect(first).toMatchObject({ ok: true, new_snapshot: true, replaces: null });
    expect(second).toMatchObject({ ok: true, new_snapshot: true, replaces: sha256Of('one') });
    expect(await ask(ann, selectSource('forecast', 'sales'))).toMatchObject({
      ok: true,
      project,
      sha256: sha256Of('two'),
      snapshots: 2,
      description: describing(1),
    });
  });

  test('is imported again without a new snapshot where the bytes are the same', async () => {
    await ask(ann, recordSnapshot(snapshot('same', 'bytes')));
    expect(await ask(ann, recordSnapshot(snapshot('same', 'bytes')))).toMatchObject({
      new_snapshot: false,
      replaces: null,
    });
  });

  test('cannot hold the same bytes in two formats', async () => {
    const asTsv = snapshot('same', 'bytes');
    expect(
      await ask(ann, recordSnapshot({ ...asTsv, snapshot: { ...asTsv.snapshot, format: 'tsv' } })),
    ).toMatchObject({ ok: false, code: 'already_exists' });
  });

  test('is found by nobody of another tenant, whose answer is that of an absent one', async () => {
    await ask(ann, recordSnapshot(snapshot('payroll', 'secret')));
    const absent = await ask(mallory, selectSource('Forecast', 'nothing'));
    expect(await ask(mallory, selectSource('Forecast', 'payroll'))).toEqual(absent);
    expect(await ask(mallory, selectSource(project, 'payroll'))).toMatchObject({
      ok: false,
      code: 'not_found',
      details: { kind: 'project' },
    });
    expect(await ask(mallory, selectSources(project, '', 10))).toMatchObject({
      ok: false,
      code: 'not_found',
    });
    expect(await ask(mallory, selectSources('Forecast', '', 10))).toMatchObject({ total: 0, sources: [] });
  });

  test("'s snapshot cannot be changed by the application", async () => {
    const app = await database.connectApp();
    for (const statement of [
      'update app.data_snapshots set row_count = 0',
      'delete from app.data_snapshots',
      'truncate app.data_snapshots',
      'delete from app.data_sources',
    ]) {
      await expect(app.query(statement), statement).rejects.toThrow(/permission denied/);
    }
  });

  test('is listed in pages by name, with the whole count', async () => {
    const own = await newProject(ann, 'Pages');
    for (const name of ['c', 'a', 'b']) {
      await ask(ann, recordSnapshot(snapshot(name, name, { project: 'Pages' })));
    }
    const first = await ask(ann, selectSources(own, '', 2));
    const rest = await ask(ann, selectSources(own, 'b', 2));
    expect(first).toMatchObject({ total: 3, sources: [{ name: 'a', column_count: 1 }, { name: 'b' }] });
    expect(rest).toMatchObject({ total: 3, sources: [{ name: 'c' }] });
  });

  test.each(['Sales', '../etc', 'a b', '1st', '', 'a'.repeat(64), 'sales\n'])(
    'cannot be named %j, whatever the tools let through',
    async (name) => {
      await expect(ask(ann, recordSnapshot(snapshot(name, 'x')))).rejects.toMatchObject({
        sqlstate: '23514',
      });
    },
  );

  test('is refused over the limit of the project, and an import of a name that exists is not', async () => {
    await newProject(ann, 'Full');
    const full = { project: 'Full', sourcesMax: 1 };
    await ask(ann, recordSnapshot(snapshot('one', '1', full)));
    expect(await ask(ann, recordSnapshot(snapshot('two', '2', full)))).toMatchObject({
      code: 'limit_exceeded',
    });
    expect(await ask(ann, recordSnapshot(snapshot('one', '3', full)))).toMatchObject({ ok: true });
  });

  test('is imported once for an idempotency key, and the repetition tells what the first did', async () => {
    const idempotency = { key: 'key-0001', tool: 'import_data', arguments_sha256: sha256Of('arguments') };
    const request = snapshot('once', 'once', { idempotency });
    const first = await ask(ann, recordSnapshot(request));
    const begun = await ask(
      ann,
      beginImport({
        ...request,
        format: 'csv',
        origin: request.snapshot.origin,
        ...{ describer: DESCRIBER, withheldMax: 6 },
      }),
    );
    expect(begun).toMatchObject({ ...first, replayed: true, description: describing(1), bytes: 4 });
    const other = { ...idempotency, arguments_sha256: sha256Of('others') };
    expect(
      await ask(
        ann,
        beginImport({
          ...request,
          idempotency: other,
          format: 'csv',
          origin: request.snapshot.origin,
          ...{ describer: DESCRIBER, withheldMax: 6 },
        }),
      ),
    ).toMatchObject({ ok: false, code: 'idempotency_conflict' });
  });

  test('by two calls that race with one key is imported by one, and the other tells the same', async () => {
    const idempotency = { key: 'key-0002', tool: 'import_data', arguments_sha256: sha256Of('arguments') };
    const holder = new pg.Client({ connectionString: database.superuserUrl });
    await holder.connect();
    try {
      // Both find the key unknown, and wait for the name before either has remembered it.
      await holder.query('begin');
      await holder.query('select pg_advisory_xact_lock(hashtextextended($1, 20))', [`${project}/raced`]);
      const racing = [1, 2].map(() => ask(ann, recordSnapshot(snapshot('raced', 'raced', { idempotency }))));
      const waiting = "select from pg_stat_activity where wait_event = 'advisory'";
      await expect.poll(() => database.asSuperuser(waiting)).toHaveLength(2);
      await holder.query('commit');
      const answers = await Promise.all(racing);
      expect(answers).toMatchObject([{ ok: true }, { ok: true }]);
      const told = answers.map((answer) => ({ ...answer, replayed: undefined }));
      expect(told[0]).toEqual(told[1]);
      expect(answers.filter((answer) => answer.ok && answer.replayed)).toHaveLength(1);
    } finally {
      await holder.end();
    }
  });

  test('of equal bytes is described once in a tenant, and anew for another tenant or describer', async () => {
    const { snapshot: stored } = snapshot('sales', 'two');
    const asking = {
      project: 'Forecast',
      name: 'sales',
      format: 'csv' as const,
      origin: stored.origin,
      idempotency: null,
    };
    const known = await ask(ann, beginImport({ ...asking, describer: DESCRIBER, withheldMax: 6 }));
    const newer = await ask(ann, beginImport({ ...asking, describer: '999', withheldMax: 6 }));
    const foreign = await ask(mallory, beginImport({ ...asking, describer: DESCRIBER, withheldMax: 6 }));
    expect(known).toMatchObject({ ok: true, description: describing(1) });
    expect(newer).toMatchObject({ ok: true, description: null });
    expect(foreign).toMatchObject({ ok: true, description: null });
  });
});

describe('an upload', () => {
  test('is received once: of two transfers that finish, one is refused', async () => {
    const asked = upload();
    await ask(ann, openUpload(asked));
    expect(await ask(ann, selectAwaitedUpload(asked.upload))).toMatchObject({ ok: true, bytes: 10 });
    const [one, two] = await Promise.all([
      ask(ann, finishUpload(asked.upload, sha256Of('a'))),
      ask(ann, finishUpload(asked.upload, sha256Of('b'))),
    ]);
    expect([one.ok, two.ok].sort()).toEqual([false, true]);
    expect(await ask(ann, selectAwaitedUpload(asked.upload))).toMatchObject({ details: { reason: 'used' } });
  });

  test('expires', async () => {
    const asked = upload({ lifetimeMs: 0 });
    await ask(ann, openUpload(asked));
    expect(await ask(ann, selectAwaitedUpload(asked.upload))).toMatchObject({
      ok: false,
      code: 'upload_refused',
      details: { reason: 'expired' },
    });
  });

  test('is absent for another tenant, for its PUT and for its import', async () => {
    const asked = upload();
    await ask(ann, openUpload(asked));
    await ask(ann, finishUpload(asked.upload, sha256Of('a')));
    expect(await ask(mallory, selectAwaitedUpload(asked.upload))).toEqual({ ok: false, code: 'not_found' });
    const importing = {
      project: 'Forecast',
      name: 'sales',
      format: 'parquet' as const,
      origin: { kind: 'upload' as const, upload: asked.upload },
      ...{ describer: DESCRIBER, withheldMax: 6 },
      idempotency: null,
    };
    expect(await ask(mallory, beginImport(importing))).toMatchObject({ details: { kind: 'upload' } });
    expect(await ask(ann, beginImport(importing))).toMatchObject({
      ok: true,
      sha256: sha256Of('a'),
      bytes: 10,
    });
    expect(await ask(ann, beginImport({ ...importing, project: 'Pages' }))).toMatchObject({
      details: { kind: 'upload' },
    });
  });

  test('cannot be imported before its bytes are there', async () => {
    const asked = upload();
    await ask(ann, openUpload(asked));
    expect(
      await ask(
        ann,
        beginImport({
          project: 'Forecast',
          name: 'sales',
          format: 'parquet',
          origin: { kind: 'upload', upload: asked.upload },
          ...{ describer: DESCRIBER, withheldMax: 6 },
          idempotency: null,
        }),
      ),
    ).toMatchObject({ code: 'upload_refused', details: { reason: 'not_received' } });
  });

  test('is refused while as many as allowed wait, and used or expired ones do not count', async () => {
    const own = await settle(database.asOwner, { person: 'Bob', tenant: 'Busy' });
    await newProject(own, 'Forecast');
    const expired = upload({ lifetimeMs: 0, openMax: 1 });
    const used = upload({ openMax: 1 });
    await ask(own, openUpload(expired));
    await ask(own, openUpload(used));
    expect(await ask(own, openUpload(upload({ openMax: 1 })))).toMatchObject({ code: 'limit_exceeded' });
    await ask(own, finishUpload(used.upload, sha256Of('a')));
    expect(await ask(own, openUpload(upload({ openMax: 1 })))).toMatchObject({ ok: true });
  });

  test('that announced a digest cannot be finished with another', async () => {
    const asked = upload({ sha256: sha256Of('announced') });
    await ask(ann, openUpload(asked));
    await expect(ask(ann, finishUpload(asked.upload, sha256Of('other')))).rejects.toMatchObject({
      constraint: 'received_as_announced',
    });
  });
});

test('imports and uploads leave events with digests and names, and no cell of the data', async () => {
  const rows = await database.asSuperuser(
    "select action, outcome, details from app.audit_events where tenant_id = $1 and action like any (array['data.%', 'upload.%'])",
    [ann.tenantId],
  );
  const events = rows as { action: string; outcome: string; details: Record<string, unknown> }[];
  expect(new Set(events.map(({ action, outcome }) => `${action} ${outcome}`))).toEqual(
    new Set(['data.import ok', 'upload.create ok', 'upload.receive ok', 'upload.receive refused']),
  );
  for (const { details } of events) expect(details).not.toHaveProperty('description');
});

test('an archived project takes no data', async () => {
  const archived = await newProject(ann, 'Archived');
  await database.asSuperuser('update app.projects set archived_at = now() where project_id = $1', [archived]);
  expect(await ask(ann, recordSnapshot(snapshot('late', 'x', { project: archived })))).toMatchObject({
    ok: false,
    code: 'project_archived',
  });
  expect(await ask(ann, openUpload(upload({ project: archived })))).toMatchObject({
    code: 'project_archived',
  });
});
