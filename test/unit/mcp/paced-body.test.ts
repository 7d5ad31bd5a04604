import { expect, test } from 'vitest';
import { PacedBody } from '../../../worker/mcp/listen/paced-body.ts';

/** A source of frames that keeps what nobody reads. */
function source() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own;
    },
  });
  return {
    stream,
    write: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    close: () => controller?.close(),
  };
}

/** Whether a promise has resolved by now. */
async function isResolved(promise: Promise<unknown>): Promise<boolean> {
  let resolved = false;
  void promise.then(() => {
    resolved = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return resolved;
}

test('a client that reads nothing is not ready for more, and one that waits for more is', async () => {
  const frames = source();
  const body = new PacedBody(frames.stream, () => {});
  frames.write('a');
  frames.write('b');
  const ready = body.ready();
  expect(await isResolved(ready)).toBe(false);
  const reader = body.stream.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('a');
  expect(await isResolved(ready)).toBe(true);
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('b');
  const next = body.ready();
  expect(await isResolved(next)).toBe(false);
  const waiting = reader.read();
  expect(await isResolved(next)).toBe(true);
  frames.close();
  expect((await waiting).done).toBe(true);
});

test('a client that goes away is told of, and the source is cancelled', async () => {
  let isGone = false;
  let isCancelled = false;
  const body = new PacedBody(
    new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    }),
    () => {
      isGone = true;
    },
  );
  await body.stream.cancel();
  expect([isGone, isCancelled]).toEqual([true, true]);
});
