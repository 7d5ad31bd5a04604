import { Offer } from '../mcp/offer.ts';
import { PRODUCT } from '../mcp/product-offer.ts';
import { FIXTURE_PROMPTS } from './prompts.ts';
import { FIXTURE_RESOURCES } from './resources.ts';
import { CHANGING_TOOLS } from './tools/changes.ts';
import { CONTENT_TOOLS } from './tools/content.ts';
import { ELICITATION_TOOLS } from './tools/elicitation.ts';
import { EVICTING_TOOLS } from './tools/evicting.ts';
import { NOTIFYING_TOOLS } from './tools/notifying.ts';
import { ROUND_TOOLS } from './tools/rounds.ts';

/** What Causeway offers, and after it what `@modelcontextprotocol/conformance` calls by name. */
export const WITH_FIXTURES = new Offer({
  ...PRODUCT.offered,
  asks: ['elicitation/create', 'sampling/createMessage', 'roots/list'],
  tools: [
    ...PRODUCT.offered.tools,
    ...CONTENT_TOOLS,
    ...NOTIFYING_TOOLS,
    ...ELICITATION_TOOLS,
    ...ROUND_TOOLS,
    ...CHANGING_TOOLS,
    ...EVICTING_TOOLS,
  ],
  resources: [...PRODUCT.offered.resources, ...FIXTURE_RESOURCES],
  prompts: [...PRODUCT.offered.prompts, ...FIXTURE_PROMPTS],
});
