import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limit } from '../../protocol/limits.ts';
import { callTool } from '../support/mcp-call.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const PROJECT = 'Large';
const MIB = 2 ** 20;

let stack: TestStack;
let stop: () => Promise<void>;
// A Worker of its own: what tests beside this one make the shared Worker hold must not be measured.
beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  await callTool(stack, stack.apiToken, 'create_project', { name: PROJECT });
});
afterAll(() => stop());

test('an upload of 100 MiB streams through without the Worker growing by it', async () => {
  const bytes = limit('upload_bytes');
  const input = { project: PROJECT, name: 'file', format: 'csv', bytes };
  const created = await callTool<{ url: string }>(stack, stack.apiToken, 'create_upload', input);
  const before = residentBytes();
  let peak = before;
  const block = randomBytes(MIB);
  const hash = createHash('sha256');
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === bytes) return controller.close();
      sent += MIB;
      hash.update(block);
      peak = Math.max(peak, residentBytes());
      controller.enqueue(new Uint8Array(block));
    },
  });
  const response = await fetch(created.structured.url, {
    method: 'PUT',
    body,
    duplex: 'half',
    headers: { 'content-length': String(bytes) },
  } as RequestInit);
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ bytes, sha256: hash.digest('hex') });
  // Chunks that are done with are freed late; a body that is held shows as its whole size and more.
  expect(peak - before).toBeLessThan(0.9 * bytes);
});

/** What the Worker's process holds in memory. */
function residentBytes(): number {
  const status = readFileSync(`/proc/${stack.pids.worker}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
