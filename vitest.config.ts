import { defineConfig } from 'vitest/config';

/** Tests that share one stack; all others start what they need themselves. */
const SHARING = 'test/{worker,conformance,e2e}/**/*.test.ts';
const LAUNCHER = 'test/e2e/launcher*.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 240_000,
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [SHARING] } },
      {
        extends: true,
        test: {
          name: 'stack',
          include: [SHARING],
          exclude: [LAUNCHER],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
      { extends: true, test: { name: 'launcher', include: [LAUNCHER] } },
    ],
  },
});
