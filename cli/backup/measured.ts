import { createHash } from 'node:crypto';

const NEWLINE = 0x0a;

/** Bytes on their way, with what they turn out to be. */
export class Measured {
  bytes = 0;
  /** Ends of lines, which in the text format of COPY are rows. */
  lines = 0;
  private readonly hash = createHash('sha256');

  async *of(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.bytes += chunk.byteLength;
      this.hash.update(chunk);
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) this.lines += 1;
      yield chunk;
    }
  }

  /** Lowercase hex; once. */
  sha256(): string {
    return this.hash.digest('hex');
  }
}
