import { expect, test } from 'vitest';
import { EventStream } from '../../../worker/mcp/session/event-stream.ts';

test('a client that does not read is cut off before it costs much, and one that reads is not', async () => {
  const slow = new EventStream();
  const message = 'x'.repeat(64 * 1024);
  let sent = 0;
  while (slow.isOpen && sent < 1000) slow.send({ id: `${sent++}`, message });
  expect(sent).toBeLessThan(40);
  await slow.ended;

  const read = new EventStream();
  const reader = read.body.getReader();
  for (let n = 0; n < 100; n++) {
    read.send({ id: `${n}`, message });
    await reader.read();
  }
  expect(read.isOpen).toBe(true);
  await reader.cancel();
  await read.ended;
  expect(read.isOpen).toBe(false);
});
