/** One HTTP/1.1 response as a load generator must know it. */
export interface HttpResponse {
  readonly status: number;
  /** Status line and header fields as they came. */
  readonly head: string;
  readonly body: string;
  /** Of head and body, with the framing between. */
  readonly bytes: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/**
 * Cuts a keep-alive connection's bytes into responses (RFC 9112, sections 6 and 7.1): one at a time, as no request is sent
 * before the response to the one before it. Feed it chunks; it gives the response that the chunk completed, or null.
 */
export function responseReader(): (chunk: Buffer) => HttpResponse | null {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const headEnd = held.indexOf(HEAD_END);
    if (headEnd < 0) return null;
    const head = held.toString('latin1', 0, headEnd);
    const bodyStart = headEnd + HEAD_END.length;
    const end = bodyEnd(head, held, bodyStart);
    if (end === null) return null;
    const response = {
      status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
      head,
      body: held.toString('utf8', bodyStart, end),
      bytes: end,
    };
    held = held.subarray(end);
    return response;
  };
}

/** Where the body ends; null while it is not all there. */
function bodyEnd(head: string, held: Buffer, bodyStart: number): number | null {
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const isWhole = held.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
    return isWhole ? held.length : null;
  }
  const end = bodyStart + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return held.length >= end ? end : null;
}
