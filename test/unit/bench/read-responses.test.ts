import { describe, expect, it } from 'vitest';
import { type HttpResponse, responseReader } from '../../../bench/load/read-responses.ts';

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
const EMPTY = 'HTTP/1.1 204 No Content\r\n\r\n';

/** What a reader gives for a connection's text, cut into pieces of `size` bytes. */
function readAll(text: string, size: number): HttpResponse[] {
  const read = responseReader();
  const bytes = Buffer.from(text);
  const found: HttpResponse[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const response = read(bytes.subarray(at, at + size));
    if (response !== null) found.push(response);
  }
  return found;
}

describe('the load generator cuts a connection into responses', () => {
  it.each([1, 2, 7, 1000])('whatever the network cuts: pieces of %d bytes', (size) => {
    expect(readAll(PLAIN, size)).toEqual([
      { status: 200, head: PLAIN.slice(0, PLAIN.indexOf('\r\n\r\n')), body: 'hello', bytes: PLAIN.length },
    ]);
    expect(readAll(CHUNKED, size).map(({ status }) => status)).toEqual([200]);
    expect(readAll(EMPTY, size)).toMatchObject([{ status: 204, body: '', bytes: EMPTY.length }]);
  });

  it('one after the other on the same connection', () => {
    const read = responseReader();
    expect(read(Buffer.from(PLAIN))?.body).toBe('hello');
    expect(read(Buffer.from(CHUNKED))?.body).toContain('hello');
    expect(read(Buffer.from(PLAIN.replace('200 OK', '429 Too Many')))?.status).toBe(429);
  });

  it('a half response is none', () => {
    expect(readAll(PLAIN.slice(0, -1), 1000)).toEqual([]);
    expect(readAll(CHUNKED.slice(0, -2), 1000)).toEqual([]);
  });
});
