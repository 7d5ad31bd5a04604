import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asKeyOperator, type KeyOperator } from '../../cli/database/key-operator.ts';
import { rotateKek } from '../../cli/keys/rotate-keys.ts';
import { type KeyStore, openKeyStore } from '../../worker/keys/key-store.ts';
import { type KekSettings, sourceOf } from '../../worker/keys/source-of.ts';
import { type Place, sealEnvelope } from '../../worker/seal/envelope.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { deriveOnce } from '../support/derive-once.ts';
import { type Moto, REGION, startMoto } from '../support/moto/start-moto.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

const PASSPHRASE = 'correct horse battery staple';
const NEXT = 'a passphrase of another year';
let database: TestDatabase;
let moto: Moto;
let kms: KekSettings;
let tenants: readonly Inhabitant[];

beforeAll(async () => {
  [database, moto] = await Promise.all([startTestDatabase(), startMoto()]);
  const { KeyMetadata: made } = await moto.json('kms', 'TrentService.CreateKey', {});
  const { id, secret } = await moto.onlyFor(['kms:Encrypt', 'kms:Decrypt']);
  kms = {
    KMS_KEY: (made as { KeyId: string }).KeyId,
    KMS_REGION: REGION,
    KMS_URL: `${moto.origin}/`,
    KMS_ACCESS_KEY_ID: id,
    KMS_SECRET_ACCESS_KEY: secret,
  };
  const names = ['Acme', 'Evil', 'Fine', 'Gold', 'Hats'];
  tenants = await Promise.all(
    names.map((tenant) => settle(database.asOwner, { person: `Ann of ${tenant}`, tenant })),
  );
});
afterAll(() => Promise.all([database.stop(), moto.stop()]));

const sourceBy = (settings: KekSettings) => {
  const source = sourceOf(settings, { argon2id: deriveOnce, send: (url, init) => fetch(url, init) });
  if (source === null) throw new Error('these settings name no source');
  return source;
};
/** The keys as an isolate has them that was deployed with these settings. */
const isolate = async (settings: KekSettings): Promise<KeyStore> =>
  openKeyStore(await database.open(), sourceBy(settings));
const asOperator = <Result>(work: (operator: KeyOperator) => Promise<Result>) =>
  asKeyOperator(database.ownerUrl, work);
const placeOf = (tenant: string): Place => ({
  table: 'app.oauth_refresh_tokens',
  column: 'successor',
  row: 'r',
  tenant,
});
const kinds = async () =>
  (await asOperator((operator) => operator.findKeks())).map(({ recipe }) => recipe.kind);
const oldEnough = () =>
  database.asSuperuser(`update app.key_encryption_keys set created_at = created_at - interval '1 day'`);

/** Rotates with these settings: killed in the middle first, with all of `deployed` reading meanwhile, and then to its end. */
async function change(settings: KekSettings, sealed: ReadonlyMap<string, string>): Promise<void> {
  let replaced = 0;
  const killed = asOperator((operator) =>
    rotateKek(
      {
        ...operator,
        replaceEnvelope(old, next) {
          if (replaced++ === 2) throw new Error('killed');
          return operator.replaceEnvelope(old, next);
        },
      },
      sourceBy(settings),
      () => {},
    ),
  );
  await expect(killed).rejects.toThrow('killed');
  expect(await kinds()).toHaveLength(2);
  await expectOpen(settings, sealed);
  await asOperator((operator) => rotateKek(operator, sourceBy(settings), () => {}));
  await oldEnough();
  const done = await asOperator((operator) => rotateKek(operator, sourceBy(settings), () => {}));
  expect(done).toMatchObject({ resealed: 0, kept: [], unreadable: [] });
  expect(done.retired).toHaveLength(1);
  await expectOpen(settings, sealed);
}

async function expectOpen(settings: KekSettings, sealed: ReadonlyMap<string, string>): Promise<void> {
  const keys = await isolate(settings);
  expect(await keys.check()).toEqual([]);
  for (const [tenant, envelope] of sealed)
    expect(await keys.open(tenant, envelope, placeOf(tenant))).toBe(`secret of ${tenant}`);
}

describe('the key-encryption key', () => {
  const sealed = new Map<string, string>();

  test('goes from a passphrase to a KMS while everything is served, killed in the middle or not', async () => {
    const before = await isolate({ KEY_PASSPHRASE: PASSPHRASE });
    expect(await before.check()).toEqual([]);
    for (const { tenantId } of tenants) {
      const key = await before.sealing(tenantId);
      sealed.set(tenantId, await sealEnvelope(key, `secret of ${tenantId}`, placeOf(tenantId)));
    }
    await change({ ...kms, KEY_PASSPHRASE_PREVIOUS: PASSPHRASE }, sealed);
    expect(await kinds()).toEqual(['kms']);
    await expectOpen(kms, sealed);
    expect(await (await isolate({ KEY_PASSPHRASE: PASSPHRASE })).check()).toEqual([
      expect.stringMatching(/^What KEY_PASSPHRASE .* does not open the key-encryption key/),
    ]);
  });

  test('is nowhere in the clear: what is stored opens by the KMS alone, for this context and by this key', async () => {
    const [stored] = await asOperator((operator) => operator.findKeks());
    if (stored?.recipe.kind !== 'kms') throw new Error('it is of a KMS');
    const { wrapped } = stored.recipe;
    const { KeyId } = (await moto.json('kms', 'TrentService.CreateKey', {}).catch(() => ({}))) as {
      KeyId?: string;
    };
    expect(KeyId).toBeUndefined();
    const key = { id: kms.KMS_ACCESS_KEY_ID ?? '', secret: kms.KMS_SECRET_ACCESS_KEY ?? '' };
    const decrypt = (EncryptionContext: object) =>
      moto.json('kms', 'TrentService.Decrypt', { CiphertextBlob: wrapped, EncryptionContext }, key);
    const { Plaintext } = await decrypt({ causeway: 'key-encryption-key' });
    expect(Buffer.from(String(Plaintext), 'base64')).toHaveLength(32);
    expect(await decrypt({ causeway: 'something else' })).toMatchObject({
      __type: expect.stringContaining('InvalidCiphertextException'),
    });
  });

  test.each<[string, () => KekSettings, RegExp]>([
    [
      'that is away',
      () => ({ ...kms, KMS_URL: 'http://127.0.0.1:9/' }),
      /^The KMS at 127.0.0.1:9 does not answer as one: see/,
    ],
    [
      'that is something else',
      () => ({ ...kms, KMS_URL: `${moto.origin}/moto-api/data.json` }),
      /^The KMS at .* (?:does not answer as one|refused to Decrypt)/,
    ],
    [
      'that does not know who asks',
      () => ({ ...kms, KMS_SECRET_ACCESS_KEY: 'wrong' }),
      /refused to Decrypt \(\w+\): see that KMS_KEY/,
    ],
    [
      'that has no such key',
      () => ({ ...kms, KMS_KEY: 'alias/none' }),
      /refused to Decrypt \(\w+\)|does not open the key-encryption key/,
    ],
  ])('of a KMS %s stops what starts, and says what to see to', async (_which, settings, says) => {
    const keys = await isolate(settings());
    expect(await keys.check()).toEqual([expect.stringMatching(says)]);
    expect(JSON.stringify(await keys.check())).not.toContain(kms.KMS_SECRET_ACCESS_KEY);
  });

  test('is needed by isolates that start, not by those that know it', async () => {
    let isAway = false;
    const source = sourceOf(kms, {
      argon2id: deriveOnce,
      send: (url, init) => fetch(isAway ? 'http://127.0.0.1:9/' : url, init),
    });
    const keys = openKeyStore(await database.open(), source);
    expect(await keys.check()).toEqual([]);
    isAway = true;
    for (const [tenant, envelope] of sealed)
      expect(await keys.open(tenant, envelope, placeOf(tenant))).toBe(`secret of ${tenant}`);
  });

  test('goes back to a passphrase, and the KMS is of no use any more', async () => {
    await change({ ...kms, KEY_PASSPHRASE: NEXT }, sealed);
    expect(await kinds()).toEqual(['argon2id']);
    await expectOpen({ KEY_PASSPHRASE: NEXT }, sealed);
    expect(await (await isolate(kms)).check()).toEqual([
      expect.stringMatching(/^What KMS_KEY .*does not open the key-encryption key/),
    ]);
  });
});
