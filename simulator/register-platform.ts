import { registerHooks } from 'node:module';

const STANDS_FOR: Readonly<Record<string, string>> = {
  'cloudflare:workers': new URL('./cloudflare-workers.ts', import.meta.url).href,
  // WebAssembly of workerd's own kind.
  '../identity/derive-argon2id.ts': new URL('./derive-quickly.ts', import.meta.url).href,
};

/** From here on what only workerd has can be imported in this process; import what imports it afterwards. */
export function registerPlatform(): void {
  registerHooks({
    resolve(specifier, context, resolveNext) {
      const url = STANDS_FOR[specifier];
      return url === undefined ? resolveNext(specifier, context) : { url, shortCircuit: true };
    },
  });
}
