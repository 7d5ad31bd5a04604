import type { TestProject } from 'vitest/node';
import { startDocumentHost } from './document-host.ts';
import { startTestStack } from './stack.ts';
import './shared-stack.ts';

/** Starts the stack before the first test that shares it, and ends it after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const documents = await startDocumentHost();
  const { stack, stop } = await startTestStack({ settings: { LOOPBACK_ORIGINS: documents.origin } });
  project.provide('stack', stack);
  project.provide('documentOrigin', documents.origin);
  return async () => {
    await stop();
    await documents.stop();
  };
}
