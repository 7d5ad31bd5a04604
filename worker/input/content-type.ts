import { Refusal } from '../http/refusal.ts';

/** The media type of a `Content-Type` (RFC 9110, section 8.3), in lower case and without parameters; empty where there is none. */
export function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Refuses a body that is said to be something else than one of `allowed`; '' among them lets it go unsaid. */
export function requireContentType({ headers }: Request, allowed: readonly [string, ...string[]]): void {
  const type = mediaType(headers);
  if (allowed.includes(type)) return;
  const named = allowed.filter((known) => known !== '');
  throw new Refusal(
    'unsupported_content_type',
    `This address takes ${named.join(', ')}${type === '' ? ', and the request names no content type' : ''}.`,
    { hint: `Send content-type: ${named[0]}.`, details: { allowed: named } },
  );
}
