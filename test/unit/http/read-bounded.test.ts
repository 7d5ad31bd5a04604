import { expect, test } from 'vitest';
import { readBounded } from '../../../worker/http/read-bounded.ts';

function bodyOf(chunks: readonly string[], onCancel: () => void = () => {}): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream(
    {
      pull(controller) {
        const next = left.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(next));
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
}

test('a body comes whole, in order, up to the very last byte that is allowed', async () => {
  const read = await readBounded(bodyOf(['ab', '', 'cde', 'f']), 6);
  expect(Buffer.from(read ?? []).toString()).toBe('abcdef');
  expect(read).toHaveLength(6);
});

test('of a body with one byte more nothing comes, and the rest of it is not read', async () => {
  let cancelled = 0;
  expect(
    await readBounded(
      bodyOf(['ab', 'cde', 'fg', 'h'], () => cancelled++),
      6,
    ),
  ).toBeNull();
  expect(cancelled).toBe(1);
});

test('no body is an empty one', async () => {
  expect(await readBounded(null, 0)).toEqual(new Uint8Array());
});
