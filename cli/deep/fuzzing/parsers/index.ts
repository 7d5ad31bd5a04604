import type { Parser } from '../parser.ts';
import { DATABASE_PARSERS } from './database.ts';
import { INPUT_PARSERS } from './input.ts';
import { OAUTH_PARSERS } from './oauth.ts';
import { PROTOCOL_PARSERS } from './protocol.ts';
import { SEALED_PARSERS } from './sealed.ts';

/** Every parser that a stranger reaches. */
export const PARSERS: readonly Parser[] = [
  ...INPUT_PARSERS,
  ...OAUTH_PARSERS,
  ...SEALED_PARSERS,
  ...PROTOCOL_PARSERS,
  ...DATABASE_PARSERS,
];
