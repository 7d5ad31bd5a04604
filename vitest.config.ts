import { defineConfig } from 'vitest/config';
import { TEST_GROUPS } from './cli/testing/test-groups.ts';

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
