import { bodyWithin } from '../http/read-body.ts';
import { parseForm } from '../input/parse-form.ts';
import { accept, type Judged, refuse } from './refusal.ts';

/** Parameters of a request, each at most once and free of control characters; only the parsers here make them. */
export type Parameters = ReadonlyMap<string, string> & { readonly __checked: 'parameters' };

const VALUE_CHARS_MAX = 4096;
const PARAMETERS_MAX = 40;
const BODY_BYTES_MAX = 16_384;
const NOT_PRINTABLE = /\p{Cc}/u;

/** Judges a query or a form (RFC 6749, section 3.1: no parameter twice; one without a value counts as absent). */
export function parseParameters(search: URLSearchParams): Judged<Parameters> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, value] of search) {
    if (seen.has(name)) return refuse('duplicate_parameter', nameable(name));
    seen.add(name);
    if (seen.size > PARAMETERS_MAX || value.length > VALUE_CHARS_MAX || NOT_PRINTABLE.test(value))
      return refuse('malformed_parameter', nameable(name));
    if (value !== '') found.set(name, value);
  }
  return accept(found as unknown as Parameters);
}

/** Reads the form of a POST: this media type alone, bounded, and nothing in the address. */
export async function readForm(request: Request): Promise<Judged<Parameters>> {
  if (new URL(request.url).search !== '') return refuse('parameters_in_query');
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded(\s*;\s*charset=utf-8)?$/i.test(type)) return refuse('not_a_form');
  const bytes = await bodyWithin(request, BODY_BYTES_MAX);
  if (bytes === null) return refuse('body_too_large');
  const form = parseForm(bytes);
  return form === null ? refuse('malformed_parameter', 'body') : parseParameters(form);
}

/** A parameter's name as an answer may repeat it. */
function nameable(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? name : 'a parameter';
}
