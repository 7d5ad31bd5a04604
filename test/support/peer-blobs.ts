import { createHash } from 'node:crypto';

const CAPABILITY = 'capability';

/** What a peer has in its store, and how it answers for that. */
export interface PeerBlobs {
  readonly blobs: Map<string, Buffer>;
  /** Faults to play, each a number of requests to answer with 503. */
  readonly faults: { gets: number; puts: number };
  /** GET or PUT of a blob that is never answered, as `PUT` or `GET <sha256>`. */
  readonly unanswered: Set<string>;
  /** Puts bytes where the executor can fetch them. */
  grant(bytes: Buffer): { sha256: string; bytes: number; capability: string };
  /** Null where a request gets no answer at all. */
  answer(request: BlobRequest): { readonly status: number; readonly body?: Buffer | undefined } | null;
}

interface BlobRequest {
  readonly method: string | undefined;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

export function peerBlobs(): PeerBlobs {
  const blobs = new Map<string, Buffer>();
  const faults = { gets: 0, puts: 0 };
  const unanswered = new Set<string>();
  return {
    blobs,
    faults,
    unanswered,
    grant(bytes) {
      const sha256 = sha256Of(bytes);
      blobs.set(sha256, bytes);
      return { sha256, bytes: bytes.length, capability: CAPABILITY };
    },
    answer({ method = '', path, authorization, body }) {
      const sha256 = /^\/executor\/blobs\/([0-9a-f]{64})$/.exec(path)?.[1];
      if (sha256 === undefined || authorization !== `Bearer ${CAPABILITY}`) return { status: 404 };
      if (unanswered.has(method) || unanswered.has(`${method} ${sha256}`)) return null;
      const fault = method === 'GET' ? 'gets' : 'puts';
      if (faults[fault] > 0) {
        faults[fault] -= 1;
        return { status: 503 };
      }
      if (method === 'PUT') {
        const isRight = sha256Of(body) === sha256;
        if (isRight) blobs.set(sha256, body);
        return { status: isRight ? 204 : 409 };
      }
      const blob = blobs.get(sha256);
      return { status: blob === undefined ? 404 : 200, body: blob };
    },
  };
}
