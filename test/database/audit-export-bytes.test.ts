import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLines } from '../../cli/audit/read-lines.ts';
import { type Verdict, verifyExport } from '../../cli/audit/verify-export.ts';
import type { NoteVerifier } from '../../protocol/signed-note.ts';
import { auditLogOf } from '../support/audit-log.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { settle } from '../support/tenants.ts';

const MIB = 1024 * 1024;
const NEVER_READ = Buffer.from('\ufffd');

let database: TestDatabase;
let folder: string;
let key: NoteVerifier;
/** Ann's export, byte for byte. */
let whole: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-audit-'));
  database = await startTestDatabase();
  const log = auditLogOf(database, folder);
  const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  await log.work(ann, 9);
  // The tree of the deployment has a second leaf, so that the header carries a proof.
  await log.exportOf(ann);
  await log.work(ann, 9);
  whole = Buffer.from(`${(await log.exportOf(ann)).join('\n')}\n`);
  key = await log.key();
}, 120_000);
afterAll(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function judge(bytes: Buffer): Promise<Verdict> {
  const file = join(folder, 'judged.jsonl');
  writeFileSync(file, bytes);
  return verifyExport(readLines(file), { key });
}

/** Where the entry begins. */
const startOf = (index: number): number => {
  let at = 0;
  for (let line = 0; line <= index; line++) at = whole.indexOf('\n', at) + 1;
  return at;
};
const splice = (at: number, count: number, put: Buffer | string) =>
  Buffer.concat([whole.subarray(0, at), Buffer.from(put), whole.subarray(at + count)]);
/** A hash in base64 whose last character has other bits where none count. */
const respell = (at: number) => {
  const end = whole.indexOf('="', at) - 1;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return splice(end, 1, letters.charAt(letters.indexOf(String.fromCharCode(whole[end] ?? 0)) + 1));
};

test('as it was exported it is proven', async () => {
  expect(await judge(whole)).toMatchObject({ ok: true, isAuthenticated: true });
});

test('whichever byte of an export is another one, it is not proven', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: whole.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        expect(await judge(splice(at, 1, Buffer.of((whole[at] ?? 0) ^ change)))).toMatchObject({ ok: false });
      },
    ),
    { numRuns: 250 },
  );
});

describe('what a lenient reader takes for the same is found', () => {
  test.each<[string, number | 'header' | 'end', () => Buffer]>([
    [
      'a byte that is no character, where one stands for what cannot be read',
      4,
      () => splice(whole.indexOf(NEVER_READ, startOf(4)), NEVER_READ.length, Buffer.of(0xff)),
    ],
    ['another spelling of a hash in a proof', 0, () => respell(startOf(0))],
    ['another spelling of a hash in the header', 'header', () => respell(whole.indexOf('"head_proof":["'))],
    ['a member of the header that nobody reads', 'header', () => splice(1, 0, '"seen_by":"Oscar",')],
    ['a member of the header twice', 'header', () => splice(1, 0, '"size":3,')],
    ['a space in the header', 'header', () => splice(1, 0, ' ')],
    ['two megabytes before an entry', 3, () => splice(startOf(3), 0, 'x'.repeat(2 * MIB - startOf(3)))],
    [
      'two megabytes behind the last',
      'end',
      () => splice(whole.length, 0, 'x'.repeat(2 * MIB - whole.length)),
    ],
  ])('%s: %s', async (_what, where, change) => {
    const index =
      where === 'header' ? null : where === 'end' ? whole.toString().split('\n').length - 2 : where;
    expect(await judge(change())).toMatchObject({ ok: false, index });
  });
});
