import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';
import { Refusal } from '../http/refusal.ts';

/**
 * A cursor is the last key of a page, encoded. It gives no right: row security decides what the next page holds, and a
 * forged cursor only names another place to go on from.
 */
export function encodeCursor(key: readonly (string | number)[]): string {
  return encodeBase64url(new TextEncoder().encode(JSON.stringify(key)));
}

const INTEGER_MAX = 2_147_483_647;

/** Whether Postgres can hold a part: as text without NUL, or as its integer. */
function isKeyPart(part: unknown): boolean {
  if (typeof part === 'string') return part.isWellFormed() && !part.includes('\0');
  return Number.isInteger(part) && Math.abs(part as number) <= INTEGER_MAX;
}

/** The key in a cursor whose parts have the types of `form`; refuses any other text. */
export function decodeCursor<Form extends readonly (string | number)[]>(cursor: string, form: Form): Form {
  const bytes = decodeBase64url(cursor);
  try {
    const key: unknown = bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes));
    if (
      Array.isArray(key) &&
      key.length === form.length &&
      key.every((part, index) => typeof part === typeof form[index] && isKeyPart(part))
    ) {
      return key as unknown as Form;
    }
  } catch {
    // Falls through: whatever cannot be read is refused alike.
  }
  throw new Refusal('invalid_arguments', 'The cursor is not one that a list returned.', {
    hint: 'Leave cursor out to start from the beginning.',
  });
}
