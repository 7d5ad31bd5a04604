import { createHash } from 'node:crypto';
import type { TestStack } from './stack.ts';

/** Uploads bytes as the holder of a job does; gives the status and their SHA-256. */
export async function uploadBlob(stack: TestStack, capability: string, bytes: Buffer) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { status } = await fetch(`${stack.publicUrl}/executor/blobs/${sha256}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${capability}` },
    body: new Uint8Array(bytes),
  });
  return { status, sha256 };
}
