import { Offer } from './offer.ts';
import { PROMPTS } from './prompts/index.ts';
import { browse } from './resources/browse.ts';
import { RESOURCES } from './resources/index.ts';
import { TOOLS } from './tools/index.ts';

/** What Causeway offers. */
export const PRODUCT = new Offer({
  asks: ['elicitation/create'],
  tools: TOOLS,
  resources: RESOURCES,
  prompts: PROMPTS,
  browse,
});
