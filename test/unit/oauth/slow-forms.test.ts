import { expect, onTestFinished, test, vi } from 'vitest';
import { ARRIVES_MS } from '../../../worker/http/arriving-bodies.ts';
import { readForm } from '../../../worker/oauth/parameters.ts';

test('a form of which Mallory never sends the end is held for a minute, and given up', async () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const cancel = vi.fn();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('grant_type=')),
    cancel,
  });
  const request = new Request('https://causeway.example/oauth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
    duplex: 'half',
  });
  const read = expect(readForm(request as unknown as Parameters<typeof readForm>[0])).rejects.toMatchObject({
    code: 'invalid_arguments',
  });
  await vi.advanceTimersByTimeAsync(ARRIVES_MS);
  await read;
  expect(cancel).toHaveBeenCalledOnce();
});
