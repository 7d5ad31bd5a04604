import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { TEST_GROUPS, type TestGroup } from './cli/testing/test-groups.ts';

/** What is started once for all tests of a group. */
const SHARED_PARTS: Partial<Record<TestGroup['name'], string[]>> = {
  engines: ['test/support/engines-setup.ts'],
  stack: ['test/support/global-setup.ts'],
};

/** Python and Markdown files are text to what imports them, as the rules of wrangler.toml say for the Worker. */
const filesAsText = {
  name: 'files-as-text',
  transform: (code: string, id: string) =>
    /\.(py|md)$/.test(id) ? `export default ${JSON.stringify(code)}` : null,
};

export default defineConfig({
  plugins: [filesAsText],
  test: {
    pool: 'forks',
    // Most tests wait for a server, a sandbox or a bound: one file a core would leave the cores idle.
    maxWorkers: 2 * availableParallelism(),
    // These end what hangs. No guarantee is a matter of them, so they bear a machine that does something else meanwhile.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
    projects: TEST_GROUPS.map(({ name, include, exclude }) => ({
      extends: true,
      test: {
        name,
        include: [...include],
        exclude: [...exclude],
        globalSetup: ['test/support/run-folder-setup.ts', ...(SHARED_PARTS[name] ?? [])],
      },
    })),
  },
});
