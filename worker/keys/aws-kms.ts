import { decodeBase64, encodeBase64 } from '../blobs/base64.ts';
import { type AwsKey, signAws } from '../outbound/sign-aws.ts';
import type { KeyBytes } from './kek-source.ts';
import { type Kms, KmsFailure } from './kms-source.ts';

export interface AwsKmsSettings extends AwsKey {
  /** Id, ARN or alias of a symmetric key. */
  readonly kmsKey: string;
  /** Null: AWS's own in its region. */
  readonly url: string | null;
}

export type Send = (url: string, init: RequestInit) => Promise<Response>;

/** Bound into what is wrapped and needed to unwrap it; KMS writes it into its log. No secret. */
const CONTEXT = { causeway: 'key-encryption-key' };
const TIMEOUT_MS = 5_000;
/** What KMS says of bytes that this key did not wrap, or not for this context. */
const NOT_WRAPPED_BY_IT = ['InvalidCiphertextException', 'IncorrectKeyException'];

/** AWS KMS, or whatever speaks its protocol: Encrypt and Decrypt as JSON 1.1, signed by Signature Version 4. */
export function awsKms({ kmsKey, url: given, ...key }: AwsKmsSettings, send: Send): Kms {
  const url = new URL(given ?? `https://kms.${key.region}.amazonaws.com/`);

  async function ask(operation: 'Encrypt' | 'Decrypt', input: object): Promise<KmsAnswer> {
    const signed = await signAws(key, 'kms', url.href, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` },
      body: JSON.stringify({ KeyId: kmsKey, EncryptionContext: CONTEXT, ...input }),
    });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await send(url.href, { ...signed, redirect: 'manual', signal }).catch(() => null);
    const said = readAnswer(await answer?.text().catch(() => ''));
    if (said !== null) return said;
    const status = answer?.status ?? 0;
    if (status >= 400 && status < 500) return { __type: `Http${status}` };
    throw new KmsFailure(
      `The KMS at ${url.host} does not answer as one: see that it runs, that KMS_URL and KMS_REGION name it, and that it is reached from here`,
    );
  }
  const refusal = (operation: string, said: KmsAnswer): KmsFailure =>
    new KmsFailure(
      `The KMS at ${url.host} refused to ${operation} (${typeOf(said)}): see that KMS_KEY names a key that is enabled, and that KMS_ACCESS_KEY_ID may ${operation} with it`,
    );

  return {
    async wrap(bytes) {
      const said = await ask('Encrypt', { Plaintext: encodeBase64(bytes) });
      const wrapped = bytesOf(said.CiphertextBlob);
      if (wrapped === null) throw refusal('Encrypt', said);
      return wrapped;
    },
    async unwrap(wrapped) {
      const said = await ask('Decrypt', { CiphertextBlob: encodeBase64(wrapped) });
      const bytes = bytesOf(said.Plaintext);
      if (bytes === null && !NOT_WRAPPED_BY_IT.includes(typeOf(said))) throw refusal('Decrypt', said);
      return bytes;
    },
  };
}

interface KmsAnswer {
  readonly Plaintext?: unknown;
  readonly CiphertextBlob?: unknown;
  readonly __type?: unknown;
}

function readAnswer(text: string | undefined): KmsAnswer | null {
  try {
    const read: unknown = JSON.parse(text ?? '');
    return typeof read === 'object' ? read : null;
  } catch {
    return null;
  }
}

function bytesOf(base64: unknown): KeyBytes | null {
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return decodeBase64(base64);
}

/** The name of an error, of which some services write a namespace in front. */
function typeOf({ __type: type }: KmsAnswer): string {
  return /(?:^|#)([A-Za-z0-9]{1,80})$/.exec(typeof type === 'string' ? type : '')?.[1] ?? 'no reason given';
}
