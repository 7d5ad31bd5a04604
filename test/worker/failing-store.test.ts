import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HELD_BYTES_MAX } from '../../worker/blobs/hold-body.ts';
import { type BlobServer, startBlobServer } from '../support/blob-server.ts';
import { Ear } from '../support/ear.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

/** An object store that is slow, or refuses: Paula has agents see less while it keeps Mallory's agent waiting. */
const SECRET = `zq${crypto.randomUUID().replaceAll('-', '')}`;
/** More than a store may take without that the database is asked once more. */
const SLOW_MS = 1_100;
let store: BlobServer;
let stack: TestStack;
let stop: () => Promise<void>;
let ear: Ear;
let paula: Visitor;
let project: string;
let page: string;
/** A blob that the store gives when it is let. */
let held = 'none';
let asked = Promise.withResolvers<void>();
let released = Promise.withResolvers<void>();
let keepsAll = false;

beforeAll(async () => {
  store = await startBlobServer(async (method, path) => {
    if (method === 'DELETE' && keepsAll) return 403;
    if (method !== 'GET' || !path.endsWith(held)) return undefined;
    asked.resolve();
    await released.promise;
    return undefined;
  });
  const credentials = { BLOB_STORE_ACCESS_KEY_ID: 'id', BLOB_STORE_SECRET_ACCESS_KEY: 'secret' };
  ({ stack, stop } = await startTestStack({
    slots: 1,
    settings: { BLOB_STORE_URL: store.url, ...credentials },
  }));
  const account = await settleAccount(stack, { name: 'Paula' });
  const mallory = await settleAccount(stack, { name: 'Mallory', tenant: account.tenant, role: 'member' });
  paula = await signedIn(stack, account);
  ear = new Ear(stack, mallory.token, '2026');
  const made = new Ear(stack, account.token, '2026').call<{ project: string }>('create_project', {
    name: 'Pay',
  });
  ({ project } = await made);
  page = `/projects/${account.tenant}/${project}`;
  await ear.call('import_data', { project, name: 'pay', format: 'csv', text: 'name,salary\nAda,1\n' });
});
afterAll(async () => {
  await stop?.();
  await store?.stop();
});

const say = async (agent_sees: 'full' | 'schema_only') => {
  const { status } = await paula.submit(page, `${page}/data/pay/agent-sees`, { agent_sees });
  expect(status).toBe(303);
};

/** A run that leaves the secret, which the store holds back when it is read next. */
async function runThatLeft(): Promise<string> {
  await say('full');
  held = 'none';
  const code = `open("/outputs/note.txt", "w").write("${SECRET} ${crypto.randomUUID()}")\n`;
  const ran = await ear.call<{ run: string; state: string }>('run_code', { project, code, data: ['pay'] });
  expect(ran.state).toBe('succeeded');
  const [row] = await queryAs(
    stack.superuserUrl,
    "select outcome #>> '{outputs,0,sha256}' as sha256 from app.runs where run_id = $1",
    [ran.run],
  );
  held = String(row?.sha256);
  [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  ear.heard.length = 0;
  return ran.run;
}

describe('what a run left, while the object store takes its time,', () => {
  test.each<[string, (run: string) => Promise<unknown>]>([
    ['the tool', (run) => ear.call('get_run_output', { run, name: 'note.txt' })],
    ['the resource', (run) => ear.ask('resources/read', { uri: `run://${run}/outputs/note.txt` })],
  ])('is not told by %s where agents are to see it no more meanwhile', async (_what, reading) => {
    const answered = reading(await runThatLeft());
    await asked.promise;
    await Promise.all([say('schema_only'), setTimeout(SLOW_MS)]);
    released.resolve();
    expect(JSON.stringify(await answered)).toMatch(/withheld|signed in/);
    expect(ear.heard.join('\n')).not.toContain(SECRET);
  });

  test('is told where nobody changed anything', async () => {
    const answered = ear.call('get_run_output', { run: await runThatLeft(), name: 'note.txt' });
    await asked.promise;
    await setTimeout(SLOW_MS);
    released.resolve();
    expect(await answered).toMatchObject({ text: expect.stringContaining(SECRET) });
  });
});

test('an upload is received although the store refuses to remove the body that waited; that one is told to the operator', async () => {
  const text = `day,eur\n${'1,2\n'.repeat(HELD_BYTES_MAX / 4)}`;
  const { url } = await ear.call<{ url: string }>('create_upload', {
    ...{ project, name: 'sales', format: 'csv', bytes: text.length },
  });
  keepsAll = true;
  const { status } = await fetch(url, { method: 'PUT', body: text });
  keepsAll = false;
  expect(status).toBe(201);
  expect([...store.blobs.keys()].filter((path) => path.startsWith('incoming/'))).toHaveLength(1);
  expect(readFileSync(join(stack.stateDir, 'logs', 'worker.log'), 'utf8')).toMatch(
    /"where":"receive-blob".*refused to remove incoming.*403/,
  );
});
