import { limit } from '../../protocol/limits.ts';
import { readBody } from '../http/read-body.ts';
import { Refusal } from '../http/refusal.ts';
import { requireContentType } from '../input/content-type.ts';
import { parseJson } from '../input/parse-json.ts';
import type { RefusedText } from '../input/refused-text.ts';
import { parseArguments } from '../mcp/parse-arguments.ts';
import { idempotencyKey } from '../tenants/idempotency.ts';
import type { ApiRoute } from './route.ts';

/** The parameters of the path, each of its form. Throws `invalid_arguments`, as all here do. */
export function parseParams(name: string, route: ApiRoute, given: Record<string, string>) {
  return parse(name, route.params, given);
}

/** The query. Of a parameter that is there twice neither is believed. */
export function parseQuery(name: string, route: ApiRoute, given: URLSearchParams) {
  const keys = [...given.keys()];
  if (new Set(keys).size !== keys.length) throw invalid('A parameter of the query is there twice.');
  return parse(name, route.query, Object.fromEntries(given));
}

/**
 * The body: JSON that is declared as JSON, which a form of another site cannot do. It is not read where the route takes
 * none; where every field may be left out, an absent body counts as an empty one.
 */
export async function parseBody(name: string, route: ApiRoute, request: Request, refused: RefusedText) {
  if (Object.keys(route.body.shape).length === 0) return {};
  const bytes = await readBody(request, limit('form_bytes'));
  if (bytes.byteLength === 0) return parse(name, route.body, {}, refused);
  requireContentType(request, ['application/json']);
  const body = parseJson(bytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('The body is no JSON object.');
  return parse(name, route.body, body, refused);
}

/** The key of `Idempotency-Key`, where the route honours one. */
export function parseKey(route: ApiRoute, header: string | null): string | undefined {
  if (!route.isRepeatable || header === null) return undefined;
  const parsed = idempotencyKey.safeParse(header);
  if (parsed.success) return parsed.data;
  throw invalid('Idempotency-Key: expected 8 to 100 characters; a new UUID will do.');
}

function parse(
  name: string,
  input: ApiRoute['body'],
  given: unknown,
  refused?: RefusedText,
): Record<string, unknown> {
  const parsed = parseArguments({ name, input }, given, refused);
  if (parsed.ok) return parsed.input;
  throw parsed.refusal;
}

function invalid(message: string): Refusal {
  return new Refusal('invalid_arguments', message);
}
