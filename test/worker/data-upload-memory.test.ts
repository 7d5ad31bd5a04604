import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { limit } from '../../protocol/limits.ts';
import { callTool } from '../support/mcp-call.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const PROJECT = 'Large';
const MIB = 2 ** 20;
const UPLOAD_BYTES = limit('upload_bytes');

let stack: TestStack;
let stop: () => Promise<void>;
// A Worker of its own: what tests beside this one make the shared Worker hold must not be measured.
beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  await callTool(stack, stack.apiToken, 'create_project', { name: PROJECT });
});
afterAll(() => stop());

test('uploads of 100 MiB stream through, three at once, without the Worker growing by them', async () => {
  const before = residentBytes();
  let peak = before;
  const watching = setInterval(() => {
    peak = Math.max(peak, residentBytes());
  }, 5);
  await Promise.all(['first', 'second', 'third'].map(upload));
  clearInterval(watching);
  // Chunks that are done with are freed late, in steps that the engine chooses; bodies that are held show twice.
  expect(peak - before).toBeLessThan(3 * UPLOAD_BYTES);
});

async function upload(name: string): Promise<void> {
  const input = { project: PROJECT, name, format: 'csv', bytes: UPLOAD_BYTES };
  const created = await callTool<{ url: string }>(stack, stack.apiToken, 'create_upload', input);
  const block = randomBytes(MIB);
  const hash = createHash('sha256');
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === UPLOAD_BYTES) return controller.close();
      sent += MIB;
      hash.update(block);
      controller.enqueue(new Uint8Array(block));
    },
  });
  const response = await fetch(created.structured.url, {
    method: 'PUT',
    body,
    duplex: 'half',
    headers: { 'content-length': String(UPLOAD_BYTES) },
  } as RequestInit);
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ bytes: UPLOAD_BYTES, sha256: hash.digest('hex') });
}

/** What the Worker's process holds in memory. */
function residentBytes(): number {
  const status = readFileSync(`/proc/${stack.pids.worker}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
