import type { AuditFilter } from '../database/audit-events.ts';
import { readMoment } from '../tokens/read-moment.ts';

/** The filter of the audit log as the page's address has it, or the sentence about what is wrong with it. */
export type ParsedAuditFilter =
  | { readonly ok: true; readonly filter: AuditFilter }
  | { readonly ok: false; readonly problem: string };

const ACTION = /^[a-z_]{1,30}(\.[a-z_]{1,30})?\.?$/;
const OUTCOMES = ['ok', 'refused', 'error'] as const;
// As `<input type="datetime-local">` sends it.
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

/** Reads `person`, `credential`, `client`, `action`, `outcome`, `call`, `order`, `from` and `until`. Times are UTC. */
export function parseAuditFilter(asked: URLSearchParams): ParsedAuditFilter {
  const [from, until] = [readTime(asked.get('from')), readTime(asked.get('until'))];
  if (from === null || until === null)
    return { ok: false, problem: 'Write times like 2026-11-21T21:45, in UTC.' };
  const action = asked.get('action')?.trim() || undefined;
  if (action !== undefined && !ACTION.test(action))
    return { ok: false, problem: 'An action is written like tool.call; token. stands for all of tokens.' };
  return {
    ok: true,
    filter: {
      user: asked.get('person') || undefined,
      credential: asked.get('credential') || undefined,
      client: asked.get('client') || undefined,
      action,
      outcome: OUTCOMES.find((known) => known === asked.get('outcome')),
      request: asked.get('call') || undefined,
      from,
      until,
      oldest_first: asked.get('order') === 'oldest',
    },
  };
}

function readTime(text: string | null): string | null | undefined {
  if (text === null || text === '') return undefined;
  return TIME.test(text) ? readMoment(`${text}Z`) : null;
}
