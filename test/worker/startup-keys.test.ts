import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeSource } from '../../cli/keys/open-source.ts';
import { openKeyStore } from '../../worker/keys/key-store.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { startLoneWorker } from '../support/lone-worker.ts';
import { type Moto, REGION, startMoto } from '../support/moto/start-moto.ts';

const PASSPHRASE = 'seven green harbours at dusk';
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

test('a deployment that is wrong in each way at once says all of it', async () => {
  await database.asSuperuser(
    ['app_private.signing_keys set installed_at', 'app.key_encryption_keys set created_at']
      .map((each) => `update ${each} = now() - interval '401 days';`)
      .join(''),
  );
  const [status, text] = await healthWith({ KEY_PASSPHRASE: 'another passphrase altogether' });
  const { error } = JSON.parse(text) as { error: { details: { findings: readonly string[] } } };
  expect(status).toBe(503);
  expect(error.details.findings).toEqual(
    [
      /^CONTEXT_KEY is 401 days old.*docs\/keys\.md/,
      /^The key-encryption key is 401 days old.*docs\/keys\.md/,
      /does not open the key-encryption key/,
    ].map((says) => expect.stringMatching(says)),
  );
  expect(await healthWith({ KEY_PASSPHRASE: PASSPHRASE, KEY_DAYS_MAX: '402' })).toEqual([
    200,
    expect.stringContaining('"ok":true'),
  ]);
});

describe('a deployment whose key a KMS keeps', () => {
  let moto: Moto;
  let kms: Readonly<Record<string, string>>;
  let fresh: TestDatabase;
  beforeAll(async () => {
    [moto, fresh] = await Promise.all([startMoto(), startTestDatabase()]);
    const { KeyMetadata: made } = await moto.json('kms', 'TrentService.CreateKey', {});
    const { id, secret } = await moto.onlyFor(['kms:Encrypt', 'kms:Decrypt']);
    kms = {
      ...{ DATABASE_URL: fresh.appUrl, DATABASE_HTTP_URL: fresh.http.url, CONTEXT_KEY: fresh.ticketKey },
      ...{ KMS_KEY: (made as { KeyId: string }).KeyId, KMS_REGION: REGION, KMS_URL: `${moto.origin}/` },
      ...{ KMS_ACCESS_KEY_ID: id, KMS_SECRET_ACCESS_KEY: secret },
    };
  });
  afterAll(() => Promise.all([moto?.stop(), fresh?.stop()]));
  const kinds = () => fresh.asSuperuser("select recipe ->> 'kind' as kind from app.key_encryption_keys");

  test('has workerd make it there, and open it at the next start', async () => {
    for (let start = 0; start < 2; start++)
      expect(await healthWith(kms)).toEqual([200, expect.stringContaining('"ok":true')]);
    expect(await kinds()).toEqual([{ kind: 'kms' }]);
  });

  test('serves nothing without it, and says what to see to', async () => {
    const [refused, text] = await healthWith({ ...kms, KMS_SECRET_ACCESS_KEY: 'w'.repeat(40) });
    expect([refused, text]).toEqual([
      503,
      expect.stringMatching(/refused to Decrypt \(\w+\): see that KMS_KEY/),
    ]);
    await moto.stop();
    expect(await healthWith(kms)).toEqual([
      503,
      expect.stringMatching(/The KMS at .* does not answer as one: see/),
    ]);
    expect(await kinds()).toEqual([{ kind: 'kms' }]);
  });
});
