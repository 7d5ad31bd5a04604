import { createApp } from '../app.ts';
import worker from '../index.ts';
import { WITH_FIXTURES } from './offer.ts';

export * from '../index.ts';
export { McpSession } from './evictable-session.ts';

/**
 * The Worker with the conformance suite's fixtures beside the product's own tools: an entry of its own, which
 * `./causeway up --conformance` bundles and a deployment does not. All that stands before a tool is the product's.
 */
export default { ...worker, fetch: createApp(WITH_FIXTURES).fetch };
