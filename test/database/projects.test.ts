import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeBase64url } from '../../protocol/base64url.ts';
import { Refusal } from '../../worker/http/refusal.ts';
import { REFUSED_BY_DEFAULT } from '../../worker/input/refused-text.ts';
import { openKeyStore } from '../../worker/keys/key-store.ts';
import type { Platform } from '../../worker/platform.ts';
import { archiveProject } from '../../worker/projects/archive-project.ts';
import { type CommitRequest, commitChanges } from '../../worker/projects/commit-changes.ts';
import { createProject } from '../../worker/projects/create-project.ts';
import { diffCommits } from '../../worker/projects/diff-commits.ts';
import type { ProjectPath } from '../../worker/projects/parse-path.ts';
import { readFile } from '../../worker/projects/read-file.ts';
import { importSealKey } from '../../worker/seal/seal.ts';
import { idempotencyOf } from '../../worker/tenants/idempotency.ts';
import { type BlobServer, startBlobServer } from '../support/blob-server.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let blobServer: BlobServer;
let platform: Platform;
let ann: Inhabitant;
let mallory: Inhabitant;
let requests = 0;

beforeAll(async () => {
  [database, blobServer] = await Promise.all([startTestDatabase(), startBlobServer()]);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
  platform = {
    env: {} as Platform['env'],
    publicUrl: 'http://127.0.0.1',
    database: await database.open(() => requests++),
    blobs: { ...blobServer.store, reseal: async () => 'absent' },
    keys: openKeyStore(await database.open(), null),
    sealKey: await importSealKey(encodeBase64url(new Uint8Array(32).fill(7))),
    publish() {},
    refusedText: REFUSED_BY_DEFAULT,
  };
});
afterAll(() => Promise.all([database.stop(), blobServer.stop()]));

/** Runs `work` and says how many HTTP requests the database got. */
async function counted<Result>(work: () => Promise<Result>): Promise<{ result: Result; requests: number }> {
  const before = requests;
  const result = await work();
  return { result, requests: requests - before };
}

async function newProject(name: string, of: Inhabitant = ann): Promise<string> {
  const { project } = await createProject(platform, of.principal, {
    name,
    description: '',
    idempotency: null,
  });
  return project;
}

function write(
  project: string,
  files: Record<string, string | null>,
  more: Partial<CommitRequest> = {},
  of: Inhabitant = ann,
) {
  const contents = Object.entries(files).map(([path, content]) => ({ path: path as ProjectPath, content }));
  return commitChanges(platform, of.principal, {
    project,
    message: 'Change files',
    change: () => contents,
    expectedCommit: undefined,
    idempotency: null,
    ...more,
  });
}

const read = (project: string, path: string, ref?: string, of: Inhabitant = ann) =>
  readFile(platform, of.principal, { project, path, ref, firstLine: 1, linesMax: 100 });

/** What a call that must fail says. */
const messageOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'it did not fail', String);

describe('the database budget', () => {
  test('creating a project is 1 request, a commit 2, a read 1, a diff 1', async () => {
    const created = await counted(() => newProject('budget'));
    expect(created.requests).toBe(1);
    const first = await counted(() => write(created.result, { 'a.py': 'print(1)\n' }));
    expect(first.requests).toBe(2);
    const second = await counted(() => write(created.result, { 'a.py': 'print(2)\n' }));
    expect((await counted(() => read(created.result, 'a.py'))).requests).toBe(1);
    const diff = await counted(() =>
      diffCommits(platform, ann.principal, {
        project: created.result,
        from: first.result.commit,
        to: undefined,
        path: undefined,
      }),
    );
    expect(diff.requests).toBe(1);
    expect(diff.result.files).toEqual([
      {
        path: 'a.py',
        kind: 'modified',
        patch: '--- a/a.py\n+++ b/a.py\n@@ -1,1 +1,1 @@\n-print(1)\n+print(2)\n',
      },
    ]);
    expect(second.result.parent).toBe(first.result.commit);
  });
});

describe('commits', () => {
  test('ten at once to different files all succeed, one after the other', async () => {
    const project = await newProject('race');
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => write(project, { [`f${index}.txt`]: `${index}` })),
    );
    const rows = await database.asSuperuser(
      'select c.position, c.parent_id, lag(c.commit_id) over (order by c.position) as before, t.file_count from app.commits as c join app.trees as t using (project_id, tree_id) where c.project_id = $1 order by c.position',
      [project],
    );
    expect(rows.map((row) => row.file_count)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const row of rows) expect(row.parent_id).toBe(row.before);
  });

  test('a stale expected_commit refuses only where a touched file changed, and names the head', async () => {
    const project = await newProject('stale');
    const base = await write(project, { 'a.py': '1', 'b.py': '1' });
    const head = await write(project, { 'a.py': '2' });
    await expect(write(project, { 'a.py': '3' }, { expectedCommit: base.commit })).rejects.toMatchObject({
      code: 'stale_commit',
      details: { head: head.commit, changed_paths: ['a.py'] },
    });
    expect((await read(project, 'a.py')).content).toBe('2');
    const merged = await write(project, { 'b.py': '3' }, { expectedCommit: base.commit });
    expect(merged.parent).toBe(head.commit);
  });

  test('files that are so already make no commit', async () => {
    const project = await newProject('same');
    const first = await write(project, { 'a.py': '1' });
    expect(await write(project, { 'a.py': '1' })).toMatchObject({ committed: false, commit: first.commit });
  });

  test('a repeated idempotency key commits once; with other arguments it is refused', async () => {
    const project = await newProject('once');
    const idempotency = await idempotencyOf('write_files', 'a-new-uuid', { files: 1 });
    const first = await write(project, { 'a.py': '1' }, { idempotency });
    await write(project, { 'a.py': '2' });
    expect(await write(project, { 'a.py': '1' }, { idempotency })).toMatchObject({
      commit: first.commit,
      replayed: true,
    });
    const other = await idempotencyOf('write_files', 'a-new-uuid', { files: 2 });
    await expect(write(project, { 'a.py': '3' }, { idempotency: other })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
    expect((await read(project, 'a.py')).content).toBe('2');
  });

  test('each leaves its audit event in the same transaction', async () => {
    const project = await newProject('audited');
    const made = await write(project, { 'a.py': 'audited' });
    const events = await database.asSuperuser(
      'select action, actor_user_id, request_id from app.audit_events where target_id = $1',
      [made.commit],
    );
    expect(events).toEqual([
      { action: 'commit.create', actor_user_id: ann.userId, request_id: ann.principal.requestId },
    ]);
  });
});

describe('Mallory of another tenant', () => {
  test('finds neither the project nor its files, by id or by name, and is told what she would be told of nothing', async () => {
    const project = await newProject('secret plans');
    const made = await write(project, { 'a.py': 'secret' });
    const absent = await messageOf(read('prj_00000000000000000000000000', 'a.py', undefined, mallory));
    for (const reference of [project, 'secret plans']) {
      const message = await messageOf(read(reference, 'a.py', made.commit, mallory));
      expect(message.replace(reference, 'X')).toBe(absent.replace('prj_00000000000000000000000000', 'X'));
      await expect(write(reference, { 'a.py': 'hers' }, {}, mallory)).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    expect((await read(project, 'a.py')).content).toBe('secret');
  });

  test('may give a project of hers the same name, and stores equal bytes apart', async () => {
    const hers = await newProject('shared name', mallory);
    const his = await newProject('shared name');
    await write(hers, { 'a.py': 'equal bytes' }, {}, mallory);
    await write(his, { 'a.py': 'equal bytes' });
    const digest = (await read(his, 'a.py')).sha256;
    expect([...blobServer.blobs.keys()].filter((path) => path.endsWith(digest)).sort()).toEqual(
      [`${ann.tenantId}/${digest}`, `${mallory.tenantId}/${digest}`].sort(),
    );
  });
});

describe('an archived project', () => {
  test('is archived once the person has agreed, and is closed to changes', async () => {
    const project = await newProject('to archive');
    await write(project, { 'a.py': '1' });
    const declined = new Refusal('declined', 'No.');
    await expect(
      archiveProject(platform, ann.principal, { project, confirm: () => Promise.reject(declined) }),
    ).rejects.toBe(declined);
    await write(project, { 'b.py': '1' });
    const shown: object[] = [];
    const confirm = async (archives: object) => void shown.push(archives);
    expect(await archiveProject(platform, ann.principal, { project, confirm })).toMatchObject({
      archived: true,
    });
    expect(shown).toMatchObject([{ project, files: 2 }]);
    expect(await archiveProject(platform, ann.principal, { project, confirm })).toMatchObject({
      archived: true,
    });
    expect(shown).toHaveLength(1);
    await expect(write(project, { 'a.py': '2' })).rejects.toMatchObject({ code: 'project_archived' });
    expect((await read(project, 'a.py')).content).toBe('1');
    await newProject('to archive');
  });
});

test('a name that is taken is refused without regard to case, and names the project that has it', async () => {
  const project = await newProject('Taken');
  await expect(newProject('taken')).rejects.toMatchObject({ code: 'already_exists', details: { project } });
});
