import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fireCron } from '../support/fire-cron.ts';
import { callTool } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Person;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  ann = await settlePerson(stack, { name: 'Ann' });
  await callTool(stack, ann.token, 'create_project', { name: 'Sweep' });
});
afterAll(() => stop());

const TWO_DAYS_AGO = new Date(Date.now() - 2 * 24 * 3600_000);
const blobs = () => join(stack.stateDir, 'blobs');

async function createUpload(bytes: number): Promise<{ upload: string; url: string }> {
  const input = { project: 'Sweep', name: 'file', format: 'csv', bytes };
  const { structured } = await callTool<{ upload: string; url: string }>(
    stack,
    ann.token,
    'create_upload',
    input,
  );
  return structured;
}

/** Lets an upload's address have expired so long ago. */
const age = (upload: string, interval: string) =>
  queryAs(
    stack.superuserUrl,
    'update app.uploads set expires_at = clock_timestamp() - $2::interval where upload_id = $1',
    [upload, interval],
  );
const isThere = async (upload: string) =>
  (await queryAs(stack.superuserUrl, 'select from app.uploads where upload_id = $1', [upload])).length === 1;

/** A file in the store, written two days ago. */
function oldFile(...path: readonly string[]): string {
  const file = join(blobs(), ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, 'bytes');
  utimesSync(file, TWO_DAYS_AGO, TWO_DAYS_AGO);
  return file;
}

test('uploads that never came are forgotten a day after they expired; what was received stays', async () => {
  const body = 'a,b\n1,2\n';
  const [open, expired, forgotten, received] = await Promise.all(
    [1, 2, 3, 4].map(() => createUpload(body.length)),
  );
  if (!open || !expired || !forgotten || !received) throw new Error('four uploads');
  expect((await fetch(received.url, { method: 'PUT', body })).status).toBe(201);
  await age(expired.upload, '23 hours');
  await age(forgotten.upload, '25 hours');
  await age(received.upload, '40 days');

  expect(await fireCron(stack)).toBe(200);
  const left = await Promise.all([open, expired, forgotten, received].map(({ upload }) => isThere(upload)));
  expect(left).toEqual([true, true, false, true]);
  expect((await fetch(open.url, { method: 'PUT', body })).status).toBe(201);
});

test('whatever a role of the system or the Worker deletes, an upload that came stays', async () => {
  const body = 'e,f\n5,6\n';
  const { upload, url } = await createUpload(body.length);
  expect((await fetch(url, { method: 'PUT', body })).status).toBe(201);
  await age(upload, '40 days');
  const waiting = await createUpload(body.length);
  const deleteAllAs = async (role: string) => {
    const client = new pg.Client({ connectionString: stack.superuserUrl });
    await client.connect();
    try {
      await client.query(`set role ${role}`);
      await client.query('delete from app.uploads');
    } finally {
      await client.end();
    }
  };
  await deleteAllAs('causeway_keeper');
  await expect(deleteAllAs('causeway_app')).rejects.toThrow('permission denied');
  expect([await isThere(upload), await isThere(waiting.upload)]).toEqual([true, true]);
});

test('bodies that a killed Worker left are removed after a day; blobs and what is young stay', async () => {
  const body = 'c,d\n3,4\n';
  const { url } = await createUpload(body.length);
  expect((await fetch(url, { method: 'PUT', body })).status).toBe(201);
  const stored = readdirSync(join(blobs(), ann.tenant)).map((name) => join(blobs(), ann.tenant, name));
  for (const blob of stored) utimesSync(blob, TWO_DAYS_AGO, TWO_DAYS_AGO);
  const kept = [
    ...stored,
    oldFile(ann.tenant, 'ab'.repeat(32)),
    oldFile('incoming', ann.tenant, 'deeper', 'upl_a-req_b'),
    oldFile('incoming', 'stray'),
  ];
  const young = join(blobs(), 'incoming', ann.tenant, 'upl_young-req_b');
  writeFileSync(young, 'bytes');
  const left = [
    oldFile('incoming', ann.tenant, 'upl_a-req_b'),
    oldFile('incoming', ann.tenant, crypto.randomUUID()),
    oldFile('incoming', 'ten_other', 'upl_c-req_d'),
  ];

  expect(await fireCron(stack)).toBe(200);
  expect(left.filter((file) => existsSync(file))).toEqual([]);
  expect([...kept, young].filter((file) => !existsSync(file))).toEqual([]);
  expect(stored.length).toBeGreaterThan(0);
});
