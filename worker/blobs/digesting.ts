import { hex } from './sha256.ts';

/** Passes a stream through while its SHA-256 is taken; `digest` resolves when the stream has been read to its end. */
export function digesting(body: ReadableStream<Uint8Array>): {
  body: ReadableStream<Uint8Array>;
  digest: Promise<string>;
} {
  const [forStore, forDigest] = body.tee();
  const stream = new crypto.DigestStream('SHA-256');
  const digest = forDigest.pipeTo(stream).then(async () => hex(new Uint8Array(await stream.digest)));
  return { body: forStore, digest };
}
