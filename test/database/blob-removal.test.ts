import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withSnapshot } from '../../cli/database/snapshot.ts';
import type { Database } from '../../worker/database/database.ts';
import { claimBlobs, keepBlob, listingDue, settleRemoved } from '../../worker/database/retention.ts';
import { LONG, sha256Of } from '../support/aged-records.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { teamsOf } from '../support/retention-teams.ts';

let database: TestDatabase;
let client: Database;
let teams: ReturnType<typeof teamsOf>;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  teams = teamsOf(database, client);
});
afterAll(() => database.stop());

describe('a blob that a row named which is gone', () => {
  /** One whose log and output are gone: `shared` is also a file of the project, or what another run left. */
  const withGone = async (tenant: string, left: readonly string[]) => {
    const team = await teams.settleTeam(tenant);
    await team.keep({ outputs: 1, logs: null });
    await team.run(2, { left });
    await team.expire();
    return team;
  };
  const settled = (tenant: string, texts: readonly string[], stayed: readonly string[] = []) =>
    teams.ask(settleRemoved(tenant, { removed: texts.map(sha256Of), stayed: stayed.map(sha256Of) }));

  test('goes after a day, where nothing names it then: what anything else names stays, also of another kind', async () => {
    const team = await withGone('Blobs', ['alone', 'left again', 'imported', 'uploaded', 'a file']);
    await teams.seen(
      `update app.trees set files = files || jsonb_build_object('x', jsonb_build_object('sha256', $2::text)) where tenant_id = $1`,
      [team.tenantId, sha256Of('a file')],
    );
    await team.run(0, { left: ['left again'] });
    await team.superseded('imported', 0);
    await team.upload('uploaded', 0);
    const bobs = await withGone('Blobs of Bob', ['alone']);
    expect(await team.claim()).toEqual([]);
    await team.age('23 hours');
    expect(await team.claim()).toEqual([]);
    await team.age('2 hours');
    await team.run(2, { left: ['went just now'] });
    await team.expire();
    expect(await team.claim()).toEqual([sha256Of('alone')]);
    expect(await team.waiting('alone', 'left again', 'imported', 'uploaded', 'a file')).toEqual(['alone']);
    expect(await team.claim()).toEqual([]);
    await settled(team.tenantId, ['alone']);
    expect(await team.waiting('alone')).toEqual([]);
    expect(await bobs.waiting('alone')).toEqual(['alone']);
    expect((await team.events()).at(-1)).toMatchObject({
      ...{ action: 'tenant.remove_blobs', details: { blobs: 1 } },
    });
  });

  test('goes although the parameters of a run say its digest, and what they alone say is never one', async () => {
    const parameters = { sha256: sha256Of('said'), nested: { sha256: sha256Of('invented') } };
    const team = await withGone('Parameters', ['said']);
    await team.run(0, { parameters });
    await team.age('25 hours');
    expect(await team.claim()).toEqual([sha256Of('said')]);
    await settled(team.tenantId, ['said']);
    await team.keep({ runs: 100 });
    await team.run(101, { parameters, code: 'its script' });
    await team.expire();
    expect(await team.waiting('said', 'invented', 'its script')).toEqual(['its script']);
  });

  test('is purged as the output that it was, while its bytes may lie in the store', async () => {
    const team = await teams.settleTeam('Purged');
    await team.keep({ outputs: 1 });
    const run = await team.run(2, { left: ['expired', 'beside it'] });
    await team.expire();
    const object = JSON.stringify({ kind: 'output', run, name: 'expired.txt' });
    const [purged] = await database.asOwner("select app.purge_object($1, $2, 'erasure', false) as answer", [
      ...[team.tenantId, object],
    ]);
    expect(purged?.answer).toMatchObject({ ok: true, sha256: [sha256Of('expired')] });
  });

  test('is stored anew for whoever finds it: then it stays for another day, in which the row that names it comes', async () => {
    const team = await withGone('Races', ['found']);
    const key = { tenant: team.tenantId, sha256: sha256Of('found') };
    await team.age('25 hours');
    expect(await keepBlob(client, key)).toBe('waits');
    expect(await team.claim()).toEqual([]);
    await team.run(0, { left: ['found'] });
    await team.age('25 hours');
    expect(await team.claim()).toEqual([]);
    expect(await keepBlob(client, key)).toBe('named');
  });

  test('is named by nobody who finds it while it is being removed', async () => {
    const team = await withGone('Going', ['found']);
    const key = { tenant: team.tenantId, sha256: sha256Of('found') };
    await team.age('25 hours');
    expect(await team.claim()).toEqual([key.sha256]);
    expect(await keepBlob(client, key)).toBe('going');
    await settled(team.tenantId, ['found']);
    expect(await keepBlob(client, key)).toBe('named');
  });

  test('is claimed by one of two sweeps, and by none while somebody asks for it', async () => {
    const team = await withGone('Locks', ['found']);
    const key = { tenant: team.tenantId, sha256: sha256Of('found') };
    await team.age('25 hours');
    const asking = new pg.Client({ connectionString: database.appUrl });
    await asking.connect();
    try {
      await asking.query('begin');
      await asking.query('select app.system_keep_blob($1, $2)', [key.tenant, key.sha256]);
      expect(await team.claim()).toEqual([]);
      await asking.query('rollback');
    } finally {
      await asking.end();
    }
    const both = await Promise.all([team.claim(), team.claim()]);
    expect(both.flat()).toEqual([key.sha256]);
  });

  test('waits for another day where the Worker that removed it died, for it may have been stored anew', async () => {
    const team = await withGone('Dead', ['found']);
    await team.age('25 hours');
    expect(await team.claim()).toHaveLength(1);
    await team.age('59 minutes');
    expect(await team.claim()).toEqual([]);
    await team.age('2 minutes');
    expect(await team.claim()).toEqual([]);
    expect(await keepBlob(client, { tenant: team.tenantId, sha256: sha256Of('found') })).toBe('waits');
    await team.age('25 hours');
    expect(await team.claim()).toHaveLength(1);
  });

  test('that was written just before it would go stays for another day', async () => {
    const team = await withGone('Young', ['found']);
    await team.age('25 hours');
    expect(await team.claim()).toHaveLength(1);
    await settled(team.tenantId, [], ['found']);
    expect(await team.claim()).toEqual([]);
    expect(await team.waiting('found')).toEqual(['found']);
    expect(await team.events()).toHaveLength(1);
  });

  test('is asked about once a day, and the answer holds for twenty hours: who stores it anew meanwhile writes it young', async () => {
    const team = await withGone('Verdicts', ['early', 'late']);
    await team.age('25 hours');
    await team.judge();
    expect(await teams.ask(claimBlobs(team.tenantId, 1))).toHaveLength(1);
    await team.age('19 hours');
    expect(await teams.ask(listingDue(team.tenantId))).toBeNull();
    await teams.seen("update app.retention_sweeps set judged_at = judged_at - interval '24 hours'");
    expect(await teams.ask(listingDue(team.tenantId))).toEqual({ until: null });
    await team.age('2 hours');
    expect(await teams.ask(claimBlobs(team.tenantId, 1))).toEqual([]);
  });

  test('is forgotten by a question, whatever was found before it', async () => {
    const team = await withGone('Questions', ['found']);
    await team.age('25 hours');
    await team.judge();
    expect(await keepBlob(client, { tenant: team.tenantId, sha256: sha256Of('found') })).toBe('waits');
    expect(await teams.ask(claimBlobs(team.tenantId, 1))).toEqual([]);
  });

  test('is found in the store where no row ever named it; what one does, of this team, is not', async () => {
    const team = await teams.settleTeam('Listed');
    await team.run(0, { left: ['named'] });
    await withGone('Listed by Bob', ['of a failed call']);
    await team.expire();
    await team.judge('of a failed call', 'named');
    expect(await team.waiting('of a failed call', 'named')).toEqual(['of a failed call']);
    await team.age('23 hours');
    expect(await team.claim()).toEqual([]);
    await team.age('2 hours');
    expect(await team.claim()).toEqual([sha256Of('of a failed call')]);
  });

  test('is not sealed anew meanwhile, which would bring it back', async () => {
    const team = await withGone('Seals', ['found']);
    await teams.seen('insert into app.blobs_to_seal (tenant_id, sha256) select $1, unnest($2::text[])', [
      team.tenantId,
      ['found', 'other'].map(sha256Of),
    ]);
    const asked = (await client.transaction([
      {
        text: 'select sha256 from app.system_blobs_to_seal(1000)',
        params: [],
        read: (rows) => rows.map(({ sha256 }) => sha256),
      },
    ] as const)) as readonly unknown[][];
    expect(asked[0]).toContain(sha256Of('other'));
    expect(asked[0]).not.toContain(sha256Of('found'));
  });
});

test('what is named is one answer for backups and for removal: whatever a backup takes, nothing removes', async () => {
  const team = await teams.settleTeam('Named');
  // JSON of the caller, which says nothing of blobs, whatever its keys are.
  const parameters = { sha256: sha256Of('invented'), deep: [{ sha256: sha256Of('invented too') }] };
  await team.run(0, { printed: LONG, left: ['table'], data: ['had'], code: 'script', parameters });
  await team.superseded('snapshot', 0);
  await team.upload('upload', 0);
  const named = await teams.seen("select tenant_id || '/' || sha256 as path from app.referenced_blobs($1)", [
    team.tenantId,
  ]);
  const backedUp = await withSnapshot(database.ownerUrl, async (snapshot) => {
    const lines: Buffer[] = [];
    for await (const chunk of snapshot.blobPaths()) lines.push(Buffer.from(chunk));
    return Buffer.concat(lines).toString().trim().split('\n');
  });
  const paths = backedUp
    .map((line) => line.split('\t')[0] ?? '')
    .filter((path) => path.startsWith(team.tenantId));
  expect(paths.sort()).toEqual(named.map(({ path }) => path as string).sort());
  for (const text of [LONG, 'table', 'had', 'script', 'snapshot', 'upload'])
    expect(paths).toContain(`${team.tenantId}/${sha256Of(text)}`);
  for (const text of ['invented', 'invented too'])
    expect(paths).not.toContain(`${team.tenantId}/${sha256Of(text)}`);
});
