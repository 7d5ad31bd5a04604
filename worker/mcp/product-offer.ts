import { Offer } from './offer.ts';
import { TOOLS } from './tools/index.ts';

/** What Causeway offers. */
export const PRODUCT = new Offer({ tools: TOOLS });
