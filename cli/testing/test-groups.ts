import { globSync } from 'node:fs';
import { ROOT_DIR } from '../stack/state-paths.ts';

export interface TestGroup {
  readonly name: 'alone' | 'engines' | 'stack';
  readonly says: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

const ALL = 'test/**/*.test.ts';
const ENGINES = 'test/sandbox/{attacks,engines}*.test.ts';
const SHARING = 'test/{worker,conformance,e2e,browser}/**/*.test.ts';

/**
 * The tests by what they need, in the order in which they run; `vitest.config.ts` makes a project of each. Groups run one
 * after the other: a stack that does not start fails the tests that need it and no others. `engines` plays all attacks, about
 * two minutes an engine on two cores.
 */
export const TEST_GROUPS: readonly TestGroup[] = [
  {
    name: 'alone',
    says: 'Tests that start what they need',
    include: [ALL],
    exclude: [SHARING, ENGINES],
  },
  { name: 'engines', says: 'Tests under each engine', include: [ENGINES], exclude: [] },
  { name: 'stack', says: 'Tests that share one stack of real parts', include: [SHARING], exclude: [] },
];

/** Whether the group has a test file whose path contains `pattern`. */
export function hasTestsFor({ include, exclude }: TestGroup, pattern: string): boolean {
  return globSync(include, { cwd: ROOT_DIR, exclude }).some((path) => path.includes(pattern));
}
