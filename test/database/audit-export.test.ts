import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leafHash } from '../../cli/audit/merkle.ts';
import type { Trust, Verdict } from '../../cli/audit/verify-export.ts';
import { writeExport } from '../../cli/audit/write-export.ts';
import {
  makeNoteKeys,
  type NoteVerifier,
  readNoteSigner,
  readNoteVerifier,
  signNote,
} from '../../protocol/signed-note.ts';
import { readCheckpoint } from '../../worker/audit/checkpoint.ts';
import { lastCheckpoint } from '../../worker/database/audit-log.ts';
import { auditLogOf, ORIGIN } from '../support/audit-log.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let log: ReturnType<typeof auditLogOf>;
let ann: Inhabitant;
let bob: Inhabitant;
let folder: string;
let key: NoteVerifier;
/** Lines of Ann's export: header, then entries. Written once; each case changes a copy. */
let original: readonly string[];
let bobs: readonly string[];
/** An export from before the newest entries. */
let older: readonly string[];

const judge = (lines: readonly string[], trust: Partial<Trust> = {}): Promise<Verdict> =>
  log.judge(lines, { key, ...trust });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-audit-'));
  database = await startTestDatabase();
  log = auditLogOf(database, folder);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  bob = await settle(database.asOwner, { person: 'Bob', tenant: 'Bobco' });
  await log.work(ann, 9);
  older = await log.exportOf(ann);
  await log.work(bob, 3);
  await log.exportOf(bob);
  await log.work(ann, 12);
  original = await log.exportOf(ann);
  bobs = await log.exportOf(bob);
  key = await log.key();
}, 120_000);
afterAll(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const at = (lines: readonly string[], index: number) => lines[index + 1] as string;
const replace = (index: number, line: string) => original.toSpliced(index + 1, 1, line);

test('an untouched export is proven, entry for entry, whatever its events say', async () => {
  const size = original.length - 1;
  expect(size).toBeGreaterThan(21);
  expect(await judge(original)).toMatchObject({
    ok: true,
    isAuthenticated: true,
    entries: size,
    removed: 0,
    tenant: ann.tenantId,
  });
  expect(await judge(bobs)).toMatchObject({ ok: true, tenant: bob.tenantId });
  expect(await judge(older)).toMatchObject({ ok: true });
  for (const line of original) JSON.parse(line);
});

describe('Oscar, who holds the file, is found at the first entry that he touched', () => {
  const cases: readonly (readonly [string, number, () => readonly string[]])[] = [
    [
      'changes an outcome',
      7,
      () => replace(7, at(original, 7).replace('"outcome": "ok"', '"outcome": "error"')),
    ],
    [
      'names another person',
      0,
      () => replace(0, at(original, 0).replace('"by": "operator"', '"by": "session"')),
    ],
    ['changes the last entry', 22, () => replace(22, at(original, 22).replace('"n": ', '"n": 1'))],
    ['back-dates an entry', 11, () => replace(11, at(original, 11).replace(/"at": "20\d\d/, '"at": "2001'))],
    ['drops an entry', 5, () => original.toSpliced(6, 1)],
    [
      'drops an entry and counts on',
      5,
      () =>
        original
          .toSpliced(6, 1)
          .map((line, n) => (n === 0 ? line : line.replace(/"index":\d+/, `"index":${n - 1}`))),
    ],
    ['inserts a copy', 4, () => original.toSpliced(5, 0, at(original, 3))],
    [
      'inserts an entry and counts on',
      4,
      () =>
        original
          .toSpliced(5, 0, at(original, 9))
          .map((line, n) => (n === 0 ? line : line.replace(/"index":\d+/, `"index":${n - 1}`))),
    ],
    ['swaps two entries', 8, () => original.with(9, at(original, 9)).with(10, at(original, 8))],
    [
      'swaps the events of two entries',
      9,
      () => {
        const event = (line: string) => line.slice(line.indexOf('"event":'));
        const swap = (line: string, other: string) => line.slice(0, line.indexOf('"event":')) + event(other);
        return original
          .with(10, swap(at(original, 9), at(original, 10)))
          .with(11, swap(at(original, 10), at(original, 9)));
      },
    ],
    ['cuts the tail', 20, () => original.slice(0, 21)],
    ['cuts all entries', 0, () => original.slice(0, 1)],
    ['cuts the head', 0, () => original.toSpliced(1, 3)],
    [
      'appends an entry',
      24,
      () => [...original, at(original, 3).replace(/"index":\d+/, `"index":${original.length - 1}`)],
    ],
    ['puts in an entry of Bob', 6, () => replace(6, at(bobs, 2).replace(/"index":\d+/, '"index":6'))],
    [
      'changes a proof',
      2,
      () =>
        replace(
          2,
          at(original, 2).replace(
            /"proof":\["./,
            (found) => `${found.slice(0, -1)}${found.endsWith('A') ? 'B' : 'A'}`,
          ),
        ),
    ],
    ['takes a proof away', 2, () => replace(2, at(original, 2).replace(/"proof":\["[^"]+"/, '"proof":['))],
    [
      'takes a content out as if its retention were over',
      3,
      () => {
        const event = at(original, 3).slice(at(original, 3).indexOf('"event":') + 8, -1);
        return replace(
          3,
          `${at(original, 3).slice(0, at(original, 3).indexOf('"event":'))}"removed":"${leafHash(event).toString('base64')}"}`,
        );
      },
    ],
    ['writes a line that is none', 12, () => replace(12, 'x')],
    ['writes an empty line', 12, () => replace(12, '')],
    [
      'adds a member to a line',
      12,
      () => replace(12, at(original, 12).replace('"event":', '"note":1,"event":')),
    ],
    [
      'adds a space that changes no value',
      12,
      () => replace(12, at(original, 12).replace('"event":{', '"event":{ ')),
    ],
  ];
  test.each(cases)('%s: entry %i', async (_name, index, tamper) => {
    const lines = tamper();
    expect(lines).not.toEqual(original);
    expect(await judge(lines)).toMatchObject({ ok: false, index });
  });
});

describe('the file as a whole is refused', () => {
  const header = (change: object) => [
    JSON.stringify({ ...JSON.parse(original[0] as string), ...change }),
    ...original.slice(1),
  ];
  const of = (lines: readonly string[]) => JSON.parse(lines[0] as string) as Record<string, unknown>;
  test.each<[string, () => readonly string[]]>([
    ['with the checkpoint of an earlier export', () => header({ checkpoint: of(older).checkpoint })],
    ['with the header of another tenant', () => [bobs[0] as string, ...original.slice(1)]],
    ['with the name of another tenant', () => header({ tenant: bob.tenantId })],
    ['with a smaller size', () => header({ size: 10 })],
    ['with another root', () => header({ root: of(bobs).root })],
    ['with the head at another place', () => header({ head_index: 0 })],
    [
      'with a changed date of the checkpoint',
      () => header({ checkpoint: String(of(original).checkpoint).replace(/at 20\d\d/, 'at 2031') }),
    ],
    ['with a checkpoint that is none', () => header({ checkpoint: 'x' })],
    ['without a header', () => original.slice(1)],
    ['when it is empty', () => []],
  ])('%s', async (_name, tamper) => {
    expect(await judge(tamper())).toMatchObject({ ok: false });
  });

  test('under another key, also one of the same name', async () => {
    const other = await makeNoteKeys(ORIGIN);
    expect(await judge(original, { key: await readNoteVerifier(other.publicKey) })).toMatchObject({
      ok: false,
      index: null,
      problem: `the checkpoint is not signed by ${ORIGIN}`,
    });
  });

  test('when Oscar rewrites everything and signs with a key of his own', async () => {
    const own = await makeNoteKeys(ORIGIN);
    const signer = await readNoteSigner(own.privateKey);
    const text = String(of(original).checkpoint).split('\n\n')[0];
    const lines = header({ checkpoint: await signNote(`${text}\n`, signer as NonNullable<typeof signer>) });
    expect(await judge(lines)).toMatchObject({ ok: false, index: null });
    expect(await judge(lines, { key: null })).toMatchObject({ ok: true, isAuthenticated: false });
  });

  test('when it is older than a checkpoint that was kept', async () => {
    const last = await log.withOperator(({ ask }) => ask(lastCheckpoint()));
    const kept = readCheckpoint(String(last?.note).slice(0, String(last?.note).lastIndexOf('\n\n') + 1));
    if (kept === null) throw new Error('the checkpoint cannot be read');
    expect(await judge(older, { kept })).toMatchObject({
      ok: false,
      problem: expect.stringContaining('may be cut'),
    });
    expect(await judge(bobs, { kept })).toMatchObject({ ok: true });
    expect(
      await judge(bobs, { kept: { ...kept, root: kept.root.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) } }),
    ).toMatchObject({
      ok: false,
      problem: expect.stringContaining('rewritten'),
    });
  });
});

test('an event that a superuser dates back before it is sealed is told as such', async () => {
  const cy = await settle(database.asOwner, { person: 'Cy', tenant: 'Cyco' });
  await log.work(cy, 3);
  const [added] = await database.asSuperuser(
    `insert into app.audit_events (tenant_id, occurred_at, credential_kind, action, target_kind, outcome)
     values ($1, now() - interval '2 days', 'session', 'data.read', 'data', 'ok') returning event_id`,
    [cy.tenantId],
  );
  expect(added).toBeDefined();
  const lines = await log.exportOf(cy);
  const index = lines.findIndex((line) => line.includes(String(added?.event_id))) - 1;
  expect(await judge(lines)).toMatchObject({
    ok: false,
    index,
    problem: expect.stringContaining('was sealed after'),
  });
});

test('a row that a superuser changes in the database is found in its export', async () => {
  const di = await settle(database.asOwner, { person: 'Di', tenant: 'Dico' });
  await log.work(di, 6);
  await log.exportOf(di);
  await database.asSuperuser('alter table app.audit_events disable trigger append_only');
  await database.asSuperuser(
    "update app.audit_events set outcome = 'refused' where (tenant_id, event_id) = (select tenant_id, event_id from app.audit_seals where tenant_id = $1 and leaf_index = 4)",
    [di.tenantId],
  );
  await database.asSuperuser('alter table app.audit_events enable always trigger append_only');
  expect(await judge(await log.exportOf(di))).toMatchObject({ ok: false, index: 4 });
});

test('checkpoints are chained, and one is made only where something was sealed', async () => {
  await log.withOperator(async (operator) => {
    const before = await log.seal(operator);
    expect(await log.seal(operator)).toMatchObject({ size: before?.size });
    const notes = await database.asSuperuser(
      "select note, encode(sha256(convert_to(note, 'UTF8')), 'hex') as sha256 from app.audit_checkpoints order by tree_size",
    );
    const chain = notes.map(
      ({ note }) => readCheckpoint(String(note).slice(0, String(note).lastIndexOf('\n\n') + 1))?.previous,
    );
    expect(chain).toEqual([null, ...notes.slice(0, -1).map(({ sha256 }) => sha256)]);
    expect(notes.length).toBeGreaterThanOrEqual(4);
  });
});

test('of many sealers at once each leaf, head and checkpoint is made once', async () => {
  await log.work(bob, 40);
  await Promise.all(
    Array.from({ length: 6 }, () =>
      log.withOperator(async (operator) => {
        await log.seal(operator);
      }),
    ),
  );
  expect(await judge(await log.exportOf(bob))).toMatchObject({ ok: true });
});

test('an interrupted export leaves no file', async () => {
  const file = join(folder, 'interrupted.jsonl');
  await log.withOperator(async (operator) => {
    const proof = await operator.exportProof(ann.tenantId, false);
    if (proof === null) throw new Error('no checkpoint covers the tenant');
    const dying = { ...operator, exportLines: () => Promise.reject(new Error('the connection ended')) };
    await expect(writeExport(dying, proof, file, () => {})).rejects.toThrow('the connection ended');
  });
  expect(existsSync(file)).toBe(false);
});
