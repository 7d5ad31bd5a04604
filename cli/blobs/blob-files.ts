/** The object store of a deployment as its operator reaches it: files by path (`<tenant>/<sha256>`), as they lie there, sealed ones sealed. */
export interface BlobFiles {
  /** How it is named to a person. */
  readonly name: string;
  /** The whole file, or its first `bytesMax` bytes; null where there is none. */
  read(path: string, bytesMax?: number): Promise<BlobFile | null>;
  /** Writes a file of `bytes`; whole or not at all. What `body` throws is thrown. */
  write(path: string, body: AsyncIterable<Uint8Array>, bytes: number): Promise<void>;
}

export interface BlobFile {
  /** Of the whole file. */
  readonly bytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}
