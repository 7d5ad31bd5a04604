import { afterCall } from './after-call.ts';

/**
 * What a test file gets for `vitest` in a host of mutants: vitest's own `expect` and `vi`, and these functions instead
 * of those that need its runner. They support what the unit tests of the modules in `modules.ts` use, and throw on
 * anything else.
 */
export { expect, vi } from 'vitest';

type Work = (...values: never[]) => unknown;

interface Case {
  readonly name: string;
  readonly work: Work;
  readonly values: readonly unknown[];
}

export interface Suite {
  readonly name: string;
  readonly before: Work[];
  readonly after: Work[];
  readonly beforeCase: Work[];
  readonly afterCase: Work[];
  readonly members: (Case | Suite)[];
}

let open: Suite = suite('');

function suite(name: string): Suite {
  return { name, before: [], after: [], beforeCase: [], afterCase: [], members: [] };
}

/** The tests that `load` declares. */
export async function collect(load: () => Promise<unknown>): Promise<Suite> {
  open = suite('');
  const collected = open;
  await load();
  return collected;
}

function declareSuite(name: string, work: Work, values: readonly unknown[] = []): void {
  const around = open;
  open = suite(name);
  around.members.push(open);
  try {
    work(...(values as never[]));
  } finally {
    open = around;
  }
}

function declareCase(name: string, ...given: readonly unknown[]): void {
  const work = given.find((each) => typeof each === 'function') as Work;
  open.members.push({ name, work, values: [] });
}

/** A row of a table that is a list is the arguments of its test. */
function argumentsOf(row: unknown): readonly unknown[] {
  return Array.isArray(row) ? row : [row];
}

export const describe = Object.assign(declareSuite, {
  each: (rows: readonly unknown[]) => (name: string, work: Work) => {
    for (const row of rows) declareSuite(name, work, argumentsOf(row));
  },
});
export const test = Object.assign(declareCase, {
  each: (rows: readonly unknown[]) => (name: string, work: Work) => {
    for (const [at, row] of rows.entries())
      open.members.push({ name: `${name} #${at}`, work, values: argumentsOf(row) });
  },
});
export const it = test;
export const beforeAll = (work: Work) => void open.before.push(work);
export const afterAll = (work: Work) => void open.after.push(work);
export const beforeEach = (work: Work) => void open.beforeCase.push(work);
export const afterEach = (work: Work) => void open.afterCase.push(work);
export const onTestFinished = afterCall;
