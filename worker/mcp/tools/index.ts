import type { Tool } from '../tool.ts';
import { whoami } from './whoami.ts';

/** Every tool, in the order in which clients list them. */
export const TOOLS: readonly Tool[] = [whoami];
