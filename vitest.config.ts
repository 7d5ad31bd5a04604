import { defineConfig } from 'vitest/config';
import { TEST_GROUPS } from './cli/testing/test-groups.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 240_000,
    projects: TEST_GROUPS.map(({ name, include, exclude }) => ({
      extends: true,
      test: {
        name,
        include: [...include],
        exclude: [...exclude],
        globalSetup: name === 'stack' ? ['test/support/global-setup.ts'] : [],
      },
    })),
  },
});
