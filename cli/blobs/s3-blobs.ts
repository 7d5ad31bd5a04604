import { Readable } from 'node:stream';
import { AwsClient } from 'aws4fetch';
import { Failure } from '../terminal/failure.ts';
import type { BlobFiles } from './blob-files.ts';

export interface S3Settings {
  /** The endpoint with its bucket, as BLOB_STORE_URL has it; of R2 that of its S3 API. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** An S3 endpoint, asked by signed requests (SigV4). */
export function s3Blobs({ url, ...credentials }: S3Settings): BlobFiles {
  const client = new AwsClient({ ...credentials, service: 's3' });
  const base = url.endsWith('/') ? url : `${url}/`;
  const send = async (path: string, init: RequestInit): Promise<Response> =>
    fetch(await client.sign(new URL(path, base).href, init));
  return {
    name: url,
    async read(path, bytesMax) {
      const headers: Record<string, string> =
        bytesMax === undefined ? {} : { range: `bytes=0-${bytesMax - 1}` };
      const answer = await send(path, { headers });
      if (answer.status === 404 || answer.body === null) {
        await answer.body?.cancel();
        return null;
      }
      // Of a file without bytes there are no first ones (RFC 9110, section 15.5.17).
      if (answer.status === 416) {
        await answer.body.cancel();
        return { bytes: 0, body: Readable.from([]) };
      }
      if (!answer.ok) throw await refused('read', path, answer);
      return { bytes: lengthOf(answer), body: answer.body };
    },
    async write(path, body, bytes) {
      const chunks: Uint8Array[] = [];
      // One blob is 100 MiB at most, and what a store is sent must be whole before it begins.
      for await (const chunk of body) chunks.push(chunk);
      const whole = Buffer.concat(chunks);
      if (whole.byteLength !== bytes)
        throw new Error(`${path} has ${whole.byteLength} bytes instead of ${bytes}`);
      const answer = await send(path, { method: 'PUT', body: whole });
      if (!answer.ok) throw await refused('write', path, answer);
      await answer.body?.cancel();
    },
  };
}

/** Of the whole file, also where a part of it was asked for (RFC 9110, section 14.4). */
function lengthOf(answer: Response): number {
  const total = /\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1];
  return Number(total ?? answer.headers.get('content-length') ?? '0');
}

async function refused(verb: string, path: string, answer: Response): Promise<Failure> {
  return new Failure({
    what: `The object store refused to ${verb} ${path}.`,
    why: `it answered ${answer.status} ${(await answer.text()).slice(0, 200)}`,
    remedy: 'look at BLOB_STORE_URL, BLOB_STORE_ACCESS_KEY_ID and BLOB_STORE_SECRET_ACCESS_KEY',
  });
}
