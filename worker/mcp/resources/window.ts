import { z } from 'zod';
import type { LineWindow } from '../../projects/line-window.ts';
import { withParameter } from '../uri-template.ts';

/** Lines of one answer; a window of lines is cut at 64 Ki characters as well. */
export const LINES_MAX = 2000;

/** `?offset=` of every resource that comes in windows. */
export const offset = z.coerce.number().int().min(0).max(100_000_000).default(0).describe('Lines to skip');

/** What a client must know that was given a window: a client that cannot page reads the next one by its URI. Pure. */
export function windowNotice(
  { first_line, last_line, total_lines, truncated }: Omit<LineWindow, 'content'>,
  uri: string,
): { readonly notice?: string } {
  if (!truncated) return {};
  const shown = `These are lines ${first_line} to ${last_line} of ${total_lines}`;
  if (last_line === total_lines) return { notice: `${shown}; a line of over 64 Ki characters is cut.` };
  return { notice: `${shown}. The next ones are at ${withParameter(uri, 'offset', last_line)}` };
}
