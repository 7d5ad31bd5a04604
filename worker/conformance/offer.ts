import { Offer } from '../mcp/offer.ts';
import { PRODUCT } from '../mcp/product-offer.ts';
import { CONTENT_TOOLS } from './tools/content.ts';
import { ELICITATION_TOOLS } from './tools/elicitation.ts';
import { NOTIFYING_TOOLS } from './tools/notifying.ts';
import { ROUND_TOOLS } from './tools/rounds.ts';

/** What Causeway offers, and after it what `@modelcontextprotocol/conformance` calls by name. */
export const WITH_FIXTURES = new Offer({
  ...PRODUCT.offered,
  tools: [
    ...PRODUCT.offered.tools,
    ...CONTENT_TOOLS,
    ...NOTIFYING_TOOLS,
    ...ELICITATION_TOOLS,
    ...ROUND_TOOLS,
  ],
});
