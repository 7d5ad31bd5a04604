import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { DESCRIBER } from '../../worker/data/description.ts';
import { beginImport, recordSnapshot } from '../../worker/database/data.ts';
import type { Database } from '../../worker/database/database.ts';
import { createProjectRow } from '../../worker/database/projects.ts';
import type { Query } from '../../worker/database/query.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
});
afterAll(() => database.stop());

test('an import whose data was removed is told as expired where its key is used again', async () => {
  const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  const ask = async <Result>(query: Query<Result>): Promise<Result> =>
    (await withTenant(client, ann.principal, [query] as const))[0];
  const project = { id: newId('project'), name: 'Forecast', description: '' };
  await ask(createProjectRow({ ...project, restricted: false, idempotency: null }));

  const sha256 = createHash('sha256').update('gone').digest('hex');
  const origin = { kind: 'text' as const, sha256, bytes: 4 };
  const description = { describer: DESCRIBER, row_count: 1, column_count: 0, columns: [], sample: [] };
  const request = {
    ...{ project: 'Forecast', source: newId('source'), name: 'gone', sourcesMax: 500 },
    snapshot: { sha256, format: 'csv' as const, bytes: 4, description, origin },
    idempotency: { key: 'key-gone', tool: 'import_data', arguments_sha256: sha256 },
  };
  const begin = () =>
    ask(beginImport({ ...request, format: 'csv', origin, describer: DESCRIBER, withheldMax: 6 }));
  const record = () => ask(recordSnapshot(request));
  const remove = (table: string) =>
    database.asSuperuser(`set local session_replication_role = replica; delete from ${table}`);

  expect(await record()).toMatchObject({ ok: true });
  expect(await begin()).toMatchObject({ ok: true, replayed: true });
  await remove('app.data_snapshots');
  expect(await begin()).toEqual({ ok: false, code: 'expired' });
  await remove('app.data_sources');
  expect(await begin()).toEqual({ ok: false, code: 'expired' });
  expect(await record()).toEqual({ ok: false, code: 'expired' });
});
