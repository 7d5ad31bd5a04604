import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureStream, cutAtCharacter, describeStream } from '../../../executor/capture-stream.ts';

describe('what is kept of a stream', () => {
  it('is its first bytes, however they are cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.nat({ max: 100 }), (chunks, max) => {
        const capture = captureStream(max);
        const passed = chunks.map((chunk) => capture.add(Buffer.from(chunk)));
        const all = Buffer.concat(chunks);
        expect(capture.bytes).toBe(all.length);
        expect(capture.kept()).toEqual(all.subarray(0, max));
        expect(Buffer.concat(passed)).toEqual(all.subarray(0, max));
      }),
    );
  });

  it('is, beside them, what came last', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 90_000 }), { maxLength: 8 }),
        fc.nat({ max: 200_000 }),
        (sizes, max) => {
          const capture = captureStream(max);
          const chunks = sizes.map((size, nth) => Buffer.alloc(size, nth + 1));
          for (const chunk of chunks) capture.add(chunk);
          expect(capture.last().equals(Buffer.concat(chunks).subarray(-64 * 1024))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is inline alone while it is short', () => {
    const capture = captureStream(100);
    capture.add(Buffer.from('short'));
    expect(describeStream(capture, 10)).toEqual({
      stream: { inline: 'short', bytes: 5, kept_bytes: 5, truncated: false, sha256: null },
      blob: null,
    });
  });

  it('is a blob beside the inline part when it is longer', () => {
    const capture = captureStream(12);
    capture.add(Buffer.from('0123456789abcdef'));
    const { stream, blob } = describeStream(capture, 10);
    expect(stream).toMatchObject({ inline: '0123456789', bytes: 16, kept_bytes: 12, truncated: true });
    expect(stream.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(blob?.toString()).toBe('0123456789ab');
  });

  it('is never cut inside a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 60 }), (text, max) => {
        const cut = cutAtCharacter(Buffer.from(text), max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(text.startsWith(cut.toString('utf8'))).toBe(true);
      }),
    );
  });

  it('has neither NUL nor invalid UTF-8 in its text', () => {
    const capture = captureStream(100);
    capture.add(Buffer.from([0x61, 0, 0xff, 0x62]));
    expect(describeStream(capture, 10).stream.inline).toBe('a\ufffd\ufffdb');
  });
});
