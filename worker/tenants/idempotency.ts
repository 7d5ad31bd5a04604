import { z } from 'zod';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { Refusal } from '../http/refusal.ts';

/** The optional argument by which a repeated call is not done twice. */
export const idempotencyKey = z
  .string()
  .min(8)
  .max(100)
  .optional()
  .describe('New UUID; the same only to retry');

/** What `app.recall` and `app.remember` take. */
export interface Idempotency {
  readonly key: string;
  readonly tool: string;
  readonly arguments_sha256: string;
}

/** The idempotency of a call, or null where it carries no key. The digest covers all arguments but the key. */
export async function idempotencyOf(
  tool: string,
  key: string | undefined,
  input: Record<string, unknown>,
): Promise<Idempotency | null> {
  if (key === undefined) return null;
  const { idempotency_key: _, ...rest } = input;
  return { key, tool, arguments_sha256: await sha256Hex(utf8(canonicalJson(rest))) };
}

/** The refusal of an idempotency key that belongs to another call. */
export function usedKey(): Refusal {
  return new Refusal(
    'idempotency_conflict',
    'The idempotency key was used before with other arguments; nothing was done.',
    {
      hint: 'Make a new key for a new call; repeat a key only to retry the very same call.',
    },
  );
}

/** JSON with the keys of every object sorted, so that equal arguments have equal digests. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
