import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeSource } from '../../cli/keys/open-source.ts';
import { openKeyStore } from '../../worker/keys/key-store.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { startLoneWorker } from '../support/lone-worker.ts';

const PASSPHRASE = 'correct horse battery staple';
let database: TestDatabase;

beforeAll(async () => {
  database = await startTestDatabase();
  expect(await openKeyStore(await database.open(), nodeSource([PASSPHRASE])).check()).toEqual([]);
});
afterAll(() => database.stop());

/** How a Worker answers that was started with these settings on the database of that passphrase. */
async function healthWith(settings: Readonly<Record<string, string>>): Promise<[number, string]> {
  const worker = await startLoneWorker({
    PUBLIC_URL: 'http://127.0.0.1:9',
    DATABASE_URL: database.appUrl,
    DATABASE_HTTP_URL: database.http.url,
    CONTEXT_KEY: database.ticketKey,
    SEAL_KEY: randomBytes(32).toString('base64url'),
    ...settings,
  });
  try {
    const response = await fetch(`${worker.url}/healthz`);
    return [response.status, await response.text()];
  } finally {
    worker.stop();
  }
}

test.each<[string, Readonly<Record<string, string>>, number, RegExp]>([
  [
    'without a passphrase serves nothing, and says what to set',
    {},
    503,
    /set KEY_PASSPHRASE to a passphrase/,
  ],
  [
    'with another passphrase serves nothing, and says what to set',
    { KEY_PASSPHRASE: 'another passphrase altogether' },
    503,
    /does not open the key-encryption key .{8} of this database: set what/,
  ],
  ['with the one of its database serves', { KEY_PASSPHRASE: PASSPHRASE }, 200, /"ok":true/],
  [
    'with the one of its database as the previous one serves',
    { KEY_PASSPHRASE: 'a new passphrase, just deployed', KEY_PASSPHRASE_PREVIOUS: PASSPHRASE },
    200,
    /"ok":true/,
  ],
])('a deployment %s', async (_which, settings, status, body) => {
  const [answered, text] = await healthWith(settings);
  expect(text).toMatch(body);
  expect(answered).toBe(status);
});
