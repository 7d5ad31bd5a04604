import { AwsV4Signer } from 'aws4fetch';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import type { Outgoing } from './send-outside.ts';

/** An access key of AWS, or of what speaks as it does. */
export interface AwsKey {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What is to be signed: a text, and the headers that it goes with. */
export interface Unsigned {
  readonly method: 'PUT' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request signed by AWS Signature Version 4, its body included, so that a body that was changed on its way is refused. */
export async function signAws(
  key: AwsKey,
  service: 's3' | 'logs' | 'kms',
  url: string,
  { method, headers, body }: Unsigned,
): Promise<Outgoing> {
  const signer = new AwsV4Signer({
    ...key,
    service,
    url,
    method,
    body,
    headers: { ...headers, 'x-amz-content-sha256': await sha256Hex(utf8(body)) },
  });
  return { method, headers: (await signer.sign()).headers, body };
}
