import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeSource } from '../../cli/keys/open-source.ts';
import { formatApiToken } from '../../protocol/api-token.ts';
import { newId } from '../../protocol/ids.ts';
import { openKeyStore } from '../../worker/keys/key-store.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type LoneWorker, startLoneWorker } from '../support/lone-worker.ts';

const PASSPHRASE = 'seven green harbours at dusk';
let database: TestDatabase;
let worker: LoneWorker;

beforeAll(async () => {
  database = await startTestDatabase();
  expect(await openKeyStore(await database.open(), nodeSource([PASSPHRASE])).check()).toEqual([]);
  worker = await startLoneWorker({
    PUBLIC_URL: 'http://127.0.0.1:9',
    DATABASE_URL: database.appUrl,
    DATABASE_HTTP_URL: database.http.url,
    CONTEXT_KEY: database.ticketKey,
    SEAL_KEY: randomBytes(32).toString('base64url'),
    KEY_PASSPHRASE: PASSPHRASE,
  });
});
afterAll(async () => {
  worker.stop();
  await database.stop();
});

/** The answer to a call whose token is looked up in the database. */
async function call(): Promise<string> {
  const token = formatApiToken({ tenant: newId('tenant'), token: newId('token'), secret: 'a'.repeat(43) });
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${worker.url}/api/v1/me`, { headers });
  return `${response.status} ${await response.text()}`;
}

test('a deployment under which the database was upgraded says so, and serves nothing more', async () => {
  expect(await call()).toMatch(/^401 /);
  await database.asSuperuser(`
    alter function app.find_api_token(text) rename to find_token;
    insert into migrations.applied (name, sha256) values ('9999-of-tomorrow.sql', repeat('0', 64))`);
  await expect.poll(call).toMatch(/^503 .*9999-of-tomorrow\.sql/);
  const health = await fetch(`${worker.url}/healthz`);
  expect([health.status, await health.text()]).toEqual([
    503,
    expect.stringContaining('9999-of-tomorrow.sql'),
  ]);
});
