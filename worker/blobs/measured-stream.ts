import { hex } from '../../protocol/hex.ts';
import { piecesOf, streamOf, type Taker } from './pieces.ts';

const PIECE_BYTES = 64 * 1024;

/** A body on its way to a store, with what is known of it once it has passed. */
export interface MeasuredStream {
  /** Ends with an error, so that no store takes it as whole, where it is not exactly `bytes` long or has another digest than was demanded. */
  readonly body: ReadableStream<Uint8Array>;
  /** SHA-256 of all that passed, or null where not all has. */
  readonly sha256: () => string | null;
  readonly hasWrongLength: () => boolean;
  readonly hasWrongSha256: () => boolean;
}

/**
 * Takes the SHA-256 of a stream, and holds it to its length, while it passes: a chunk is hashed before it goes on, so
 * memory stays flat where the store is slower than the sender. (`tee()` buffers all that the slower branch has not read.)
 */
export function measuredStream(taker: Taker, bytes: number, demanded: string | null = null): MeasuredStream {
  const digest = new crypto.DigestStream('SHA-256');
  const hash = digest.getWriter();
  let passed = 0;
  let wrongLength = false;
  let wrongSha256 = false;
  let sha256: string | null = null;

  const refuseLength = (how: string): never => {
    wrongLength = true;
    throw new RangeError(`the body is ${how} than ${bytes} bytes`);
  };
  async function* measure(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for await (const { piece } of piecesOf(taker, PIECE_BYTES)) {
      passed += piece.byteLength;
      if (passed > bytes) refuseLength('longer');
      await hash.write(piece);
      yield piece;
    }
    if (passed < bytes) refuseLength('shorter');
    await hash.close();
    const digested = hex(new Uint8Array(await digest.digest));
    wrongSha256 = digested !== (demanded ?? digested);
    if (wrongSha256) throw new RangeError('the body has another SHA-256 than was demanded');
    sha256 = digested;
  }
  return {
    // R2 and HTTP stores want to know the length beforehand.
    body: streamOf(measure()).pipeThrough(new FixedLengthStream(bytes)),
    sha256: () => sha256,
    hasWrongLength: () => wrongLength,
    hasWrongSha256: () => wrongSha256,
  };
}
