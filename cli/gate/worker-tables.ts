import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/**
 * The Worker's tables, loaded late: a Worker that does not load contradicts the claim that asks, and no other. Its bundler
 * makes a text of a `.py` and of a `.md` file; Node is told to do the same.
 */
export async function loadWorkerTables() {
  const hooks = registerHooks({
    load(url, context, next) {
      if (!/\.(py|md)$/.test(url)) return next(url, context);
      const source = `export default ${JSON.stringify(readFileSync(new URL(url), 'utf8'))}`;
      return { format: 'module', source, shortCircuit: true };
    },
  });
  try {
    const [{ PRODUCT }, { SKILLS }, { SCOPES }, { ROUTES }] = await Promise.all([
      import('../../worker/mcp/product-offer.ts'),
      import('../../worker/mcp/skills/index.ts'),
      import('../../worker/tenants/scopes.ts'),
      import('../../worker/http/routes.ts'),
    ]);
    return { offered: PRODUCT.offered, SKILLS, SCOPES, ROUTES };
  } finally {
    hooks.deregister();
  }
}
