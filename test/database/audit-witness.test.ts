import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  cosignedAt,
  makeWitnessKeys,
  readWitnessKey,
  readWitnessSigner,
  type WitnessKey,
} from '../../cli/audit/cosignature.ts';
import { judgeCheckpoint, type Witnessed, writeWitnessRequest } from '../../cli/audit/witness.ts';
import { writeExport } from '../../cli/audit/write-export.ts';
import { makeNoteKeys, type NoteVerifier, readNoteSigner, signNote } from '../../protocol/signed-note.ts';
import { auditLogOf } from '../support/audit-log.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

const NOW = 1_800_000_000;
const keys = makeWitnessKeys('witness.example');
const signer = readWitnessSigner(keys.privateKey) as WitnessKey;
const watcher = readWitnessKey(keys.publicKey) as WitnessKey;

let database: TestDatabase;
let log: ReturnType<typeof auditLogOf>;
let folder: string;
let ann: Inhabitant;
let key: NoteVerifier;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-audit-'));
  database = await startTestDatabase();
  log = auditLogOf(database, folder);
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  await grow();
  key = await log.key();
}, 120_000);
afterAll(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function grow(): Promise<void> {
  await log.work(ann, 2);
  await log.exportOf(ann);
}
const requestSince = (size: number) =>
  log.withOperator(async (operator) => {
    const asked = await operator.witnessRequest(size);
    if (asked === null) throw new Error('there is no checkpoint');
    return { ...asked, text: writeWitnessRequest(size, asked.proof, asked.note) };
  });
const judge = (text: string, known: Witnessed | null) =>
  judgeCheckpoint(text, { known, key, signer, nowSeconds: NOW });

/** What a witness remembers that saw the log as it is. */
async function witnessed(): Promise<Witnessed> {
  const verdict = await judge((await requestSince(0)).text, null);
  if (!verdict.ok) throw new Error(verdict.problem);
  return verdict.witnessed;
}

describe('a witness', () => {
  test('cosigns what grew out of what it saw, and its line is found in the export that carries it', async () => {
    const known = await witnessed();
    for (let round = 0; round < 5; round++) await grow();
    const { text, size } = await requestSince(known.size);
    const verdict = await judge(text, known);
    if (!verdict.ok) throw new Error(verdict.problem);
    expect(verdict.witnessed.size).toBe(size);
    const add = () => log.withOperator((operator) => operator.addCosignature(size, verdict.line.trimEnd()));
    expect(await add()).toBe(true);
    expect(await add()).toBe(false);
    await grow();
    const [plain, cosigned] = await log.withOperator(async (operator) => [
      await operator.exportProof(ann.tenantId, false),
      await operator.exportProof(ann.tenantId, true),
    ]);
    expect(cosignedAt(plain?.checkpoint ?? '', watcher)).toBeNull();
    expect(cosignedAt(cosigned?.checkpoint ?? '', watcher)).toBe(NOW);
    const file = join(folder, 'cosigned.jsonl');
    const lines = await log.withOperator(async (operator) => {
      if (cosigned === null) throw new Error('no checkpoint is cosigned');
      await writeExport(operator, cosigned, file, () => {});
      return log.linesOf(file);
    });
    const witness = (note: string) => cosignedAt(note, watcher);
    expect(await log.judge(lines, { key, witness })).toMatchObject({
      ok: true,
      isAuthenticated: true,
      cosignedAt: NOW,
    });
    const other = readWitnessKey(makeWitnessKeys('witness.example').publicKey) as WitnessKey;
    expect(await log.judge(lines, { key, witness: (note) => cosignedAt(note, other) })).toMatchObject({
      ok: false,
      problem: expect.stringContaining('no witness'),
    });
  });

  test('refuses a log that forgot what it saw', async () => {
    const known = await witnessed();
    await grow();
    const { text } = await requestSince(known.size);
    const rewritten = { ...known, root: Buffer.alloc(32, 7).toString('base64') };
    expect(await judge(text, rewritten)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('rewritten'),
    });
  });

  test('refuses a log whose end was cut', async () => {
    const before = await requestSince(0);
    await grow();
    const known = await witnessed();
    const cut = before.text.replace(/^old 0/, `old ${known.size}`);
    expect(await judge(cut, known)).toMatchObject({
      ...{ ok: false, problem: expect.stringContaining('was cut') },
      remedy: expect.stringContaining('keep this request'),
    });
  });

  test('refuses a proof that begins elsewhere, and names where it must', async () => {
    const known = await witnessed();
    await grow();
    expect(await judge((await requestSince(0)).text, known)).toMatchObject({
      ok: false,
      remedy: expect.stringContaining(`--since ${known.size}`),
    });
  });

  test('refuses what the deployment did not sign, and what is no request', async () => {
    const own = await makeNoteKeys(key.name);
    const forger = await readNoteSigner(own.privateKey);
    const { note } = await requestSince(0);
    const forged = await signNote(`${note.split('\n\n')[0]}\n`, forger as NonNullable<typeof forger>);
    expect(await judge(writeWitnessRequest(0, [], forged), null)).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('--key'),
    });
    for (const text of ['', 'old 0\n', `old x\n\n${note}`, `old 00\n\n${note}`, note])
      expect(await judge(text, null)).toMatchObject({
        ok: false,
        remedy: expect.stringContaining('witness-request'),
      });
  });

  test('of another log is refused', async () => {
    const known = { ...(await witnessed()), origin: 'elsewhere.example/audit' };
    expect(await judge((await requestSince(known.size)).text, known)).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('--memory'),
    });
  });
});

test('a key whose id, type or length is another is no key of a witness', () => {
  for (const text of [
    keys.publicKey.replace(/\+[0-9a-f]{8}\+/, '+00000000+'),
    keys.publicKey.slice(0, -4),
    keys.publicKey.replace('+B', '+A'),
    keys.privateKey,
    '',
  ])
    expect(readWitnessKey(text), text).toBeNull();
});
