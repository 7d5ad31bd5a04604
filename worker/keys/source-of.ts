import type { Env } from '../env.ts';
import { awsKms, type Send } from './aws-kms.ts';
import { type Argon2id, type KekSource, passphraseSource, sourceOfAll } from './kek-source.ts';
import { kmsSource } from './kms-source.ts';

/** The settings that say where key-encryption keys come from. */
export type KekSettings = Pick<
  Env,
  | 'KEY_PASSPHRASE'
  | 'KEY_PASSPHRASE_PREVIOUS'
  | 'KMS_KEY'
  | 'KMS_REGION'
  | 'KMS_URL'
  | 'KMS_ACCESS_KEY_ID'
  | 'KMS_SECRET_ACCESS_KEY'
>;

/** What Node and workerd each do in their own way. */
export interface Means {
  readonly argon2id: Argon2id;
  readonly send: Send;
}

/**
 * Where a deployment has its key-encryption keys from; null where nothing is set. The next key is made by the
 * passphrase where KEY_PASSPHRASE is set, else by the KMS; whatever else is set only opens earlier keys, so that a
 * deployment can change from one to the other.
 */
export function sourceOf(settings: KekSettings, means: Means): KekSource | null {
  const { KEY_PASSPHRASE: passphrase, KEY_PASSPHRASE_PREVIOUS: previous } = settings;
  const passphrases = [passphrase, previous].filter((each) => each !== undefined);
  const [first, ...others] = passphrases;
  const byPassphrase = first === undefined ? [] : [passphraseSource([first, ...others], means.argon2id)];
  const byKms = kmsOf(settings, means.send);
  const [source, ...more] =
    passphrase === undefined ? [...byKms, ...byPassphrase] : [...byPassphrase, ...byKms];
  // A previous passphrase alone makes no key.
  if (source === undefined || (passphrase === undefined && byKms.length === 0)) return null;
  return sourceOfAll([source, ...more]);
}

function kmsOf(settings: KekSettings, send: Send): readonly KekSource[] {
  const { KMS_KEY, KMS_REGION = '', KMS_URL, KMS_ACCESS_KEY_ID = '', KMS_SECRET_ACCESS_KEY = '' } = settings;
  if (KMS_KEY === undefined) return [];
  const key = { region: KMS_REGION, accessKeyId: KMS_ACCESS_KEY_ID, secretAccessKey: KMS_SECRET_ACCESS_KEY };
  return [kmsSource(awsKms({ ...key, kmsKey: KMS_KEY, url: KMS_URL ?? null }, send))];
}
