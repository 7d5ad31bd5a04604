import type { TestProject } from 'vitest/node';
import { startTestStack } from './stack.ts';
import './shared-stack.ts';

/** Starts the stack before the first test that shares it, and ends it after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stack, stop } = await startTestStack();
  project.provide('stack', stack);
  return stop;
}
