import { expect, test } from 'vitest';
import { bodyWithin } from '../../../worker/http/read-body.ts';

/** A body that comes in these pieces and says nothing of its end until `end`. */
function sent(pieces: readonly string[], announced: number | null) {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) return controller.enqueue(new TextEncoder().encode(piece));
      await ended;
      controller.close();
    },
  });
  const headers = announced === null ? {} : { 'content-length': `${announced}` };
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, headers, duplex: 'half' };
  return { request: new Request('https://causeway.example/mcp', init), end };
}

const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));

test('a body is whole at the length that it announced, before anybody says that it ends', async () => {
  const { request } = sent(['one ', 'two'], 7);
  expect(text(await bodyWithin(request, 100))).toBe('one two');
});

test.each([3, 8, null])('a body that announces %j is bounded by what comes', async (announced) => {
  for (const [bytesMax, read] of [
    [7, 'one two'],
    [6, null],
  ] as const) {
    const { request, end } = sent(['one ', 'two'], announced);
    end();
    expect(text(await bodyWithin(request, bytesMax))).toBe(read);
  }
});

test('a body of the length that it announced is refused where that is too much', async () => {
  const { request } = sent(['one ', 'two'], 7);
  expect(await bodyWithin(request, 6)).toBeNull();
});
