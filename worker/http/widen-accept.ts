import type { MiddlewareHandler } from 'hono';

const OFFERED = ['application/json', 'text/event-stream'] as const;
const WIDE = OFFERED.join(', ');

/**
 * An agent's `Accept` at `POST /mcp` as the MCP SDK wants to read it, which looks for both types word by word and
 * answers 406 where it does not find them. Here the header means what RFC 9110 (section 12.5.1) says: none at all and
 * wildcards accept both types, and `q=0` refuses one.
 */
export function widenAccept(): MiddlewareHandler {
  return async function readAccept(context, next) {
    const accept = context.req.header('accept') ?? null;
    if (accept !== WIDE && OFFERED.every((type) => accepts(accept, type))) {
      const headers = new Headers(context.req.raw.headers);
      headers.set('accept', WIDE);
      context.req.raw = new Request(context.req.raw, { headers });
    }
    return next();
  };
}

/** Whether an `Accept` header covers `type`: the most specific range decides. */
export function accepts(accept: string | null, type: string): boolean {
  const ranges = (accept ?? '')
    .split(',')
    .map(parseRange)
    .filter(({ range }) => range !== '');
  if (ranges.length === 0) return true;
  const [kind] = type.split('/');
  for (const wanted of [type, `${kind}/*`, '*/*']) {
    const named = ranges.filter(({ range }) => range === wanted);
    if (named.length > 0) return named.some(({ isRefused }) => !isRefused);
  }
  return false;
}

function parseRange(text: string): { readonly range: string; readonly isRefused: boolean } {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  return { range, isRefused: parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter)) };
}
