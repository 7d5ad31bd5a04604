import { expect, test } from 'vitest';
import { type KekSettings, sourceOf } from '../../../worker/keys/source-of.ts';

const KMS = {
  KMS_KEY: 'alias/causeway',
  KMS_REGION: 'eu-central-1',
  KMS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  KMS_SECRET_ACCESS_KEY: 'secret',
};
const answers = async () => Response.json({ CiphertextBlob: 'd3JhcHBlZA==', Plaintext: 'YnkgdGhlIEtNUw==' });
const argon2id = async (passphrase: string) => new TextEncoder().encode(`by ${passphrase}`);
const of = (settings: KekSettings) => sourceOf(settings, { argon2id, send: answers });

test.each<[string, KekSettings, string | null, readonly string[]]>([
  ['nothing', {}, null, []],
  ['a previous passphrase alone', { KEY_PASSPHRASE_PREVIOUS: 'old' }, null, []],
  ['a passphrase', { KEY_PASSPHRASE: 'now' }, 'argon2id', ['by now']],
  [
    'a new passphrase',
    { KEY_PASSPHRASE: 'now', KEY_PASSPHRASE_PREVIOUS: 'old' },
    'argon2id',
    ['by now', 'by old'],
  ],
  ['a KMS', KMS, 'kms', ['by the KMS']],
  [
    'a KMS in place of a passphrase',
    { ...KMS, KEY_PASSPHRASE_PREVIOUS: 'old' },
    'kms',
    ['by the KMS', 'by old'],
  ],
  ['a passphrase in place of a KMS', { ...KMS, KEY_PASSPHRASE: 'now' }, 'argon2id', ['by now', 'by the KMS']],
])('with %s set, one makes the next key and each opens its own', async (_what, settings, makes, opens) => {
  const source = of(settings);
  expect((await source?.make())?.recipe.kind ?? null).toBe(makes);
  const salted = { kind: 'argon2id', salt: 'AAAA', memoryKib: 8, passes: 1, lanes: 1 } as const;
  const opened = [
    ...((await source?.open(salted)) ?? []),
    ...((await source?.open({ kind: 'kms', wrapped: 'AAAA' })) ?? []),
  ];
  const texts = opened.map((bytes) => new TextDecoder().decode(bytes));
  expect(texts.sort()).toEqual([...opens].sort());
});

test('a KMS is asked in its region, by a signature over the request, for this context alone', async () => {
  const asked: { url: string; init: RequestInit }[] = [];
  const source = sourceOf(KMS, {
    argon2id,
    async send(url, init) {
      asked.push({ url, init });
      return answers();
    },
  });
  await source?.make();
  expect(asked[0]?.url).toBe('https://kms.eu-central-1.amazonaws.com/');
  const headers = new Headers(asked[0]?.init.headers);
  expect(headers.get('x-amz-target')).toBe('TrentService.Encrypt');
  expect(headers.get('authorization')).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-central-1\/kms\/aws4_request/,
  );
  expect(JSON.parse(String(asked[0]?.init.body))).toMatchObject({
    KeyId: 'alias/causeway',
    EncryptionContext: { causeway: 'key-encryption-key' },
  });
  expect(asked[0]?.init.redirect).toBe('manual');
});
