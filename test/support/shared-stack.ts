import { inject } from 'vitest';
import type { TestStack } from './stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly stack: TestStack;
  }
}

/** The stack that all tests of worker/, conformance/, e2e/ and browser/ share; `global-setup.ts` started it. */
export function sharedStack(): TestStack {
  return inject('stack');
}
