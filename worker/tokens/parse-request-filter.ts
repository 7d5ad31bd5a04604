import type { RequestFilter } from '../database/token-uses.ts';
import { readMoment } from './read-moment.ts';

/** The filter of the request log as the page's address has it, or the sentence about what is wrong with it. */
export type ParsedRequestFilter =
  | { readonly ok: true; readonly filter: RequestFilter }
  | { readonly ok: false; readonly problem: string };

const TRACE = /^[0-9a-f]{32}$/;
// As `<input type="datetime-local">` sends it.
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

/** Reads `person`, `credential`, `trace`, `refused`, `from` and `until`. Times are UTC, as the page shows them. */
export function parseRequestFilter(asked: URLSearchParams): ParsedRequestFilter {
  const [from, until] = [readTime(asked.get('from')), readTime(asked.get('until'))];
  if (from === null || until === null)
    return { ok: false, problem: 'Write times like 2026-11-21T21:45, in UTC.' };
  const trace = asked.get('trace')?.trim() || undefined;
  if (trace !== undefined && !TRACE.test(trace))
    return { ok: false, problem: 'A trace is written as 32 hexadecimal digits, 0 to 9 and a to f.' };
  const [user, credential] = [asked.get('person') || undefined, asked.get('credential') || undefined];
  return {
    ok: true,
    filter: { user, credential, trace, refused: asked.get('refused') === 'yes', from, until },
  };
}

function readTime(text: string | null): string | null | undefined {
  if (text === null || text === '') return undefined;
  return TIME.test(text) ? readMoment(`${text}Z`) : null;
}
