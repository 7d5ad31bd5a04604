import { z } from 'zod';
import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { LIMITS, limit } from '../../protocol/limits.ts';
import { describeCharacterFault, judgeCharacters } from './judge-characters.ts';

/** Schemas of texts in which markup has no business; {@link isPlainText} finds them with further checks, and behind `optional` and `default`. */
const PLAIN = z.registry<{ readonly plain: true }>();

const shown = (lines: boolean) => (context: z.core.ParsePayload<string>) => {
  const fault = judgeCharacters(context.value, { lines });
  if (fault !== null)
    context.issues.push({ code: 'custom', message: describeCharacterFault(fault), input: context.value });
};

/** A name or title: one line, NFC, of any script, without what nobody sees. */
export const nameText = z
  .string()
  .trim()
  .normalize('NFC')
  .min(1)
  .max(limit('name_chars'))
  .check(shown(false))
  .register(PLAIN, { plain: true });

const bounded = z
  .string()
  .normalize('NFC')
  .max(limit('description_bytes'))
  .refine(
    (text) => new TextEncoder().encode(text).byteLength <= limit('description_bytes'),
    `is over ${describeQuantity(limit('description_bytes'), LIMITS.description_bytes.unit)}`,
  )
  .check(shown(true));

/** A description: lines of text, NFC. */
export const descriptionText = bounded.clone().register(PLAIN, { plain: true });

/** The message of a commit: it may quote code, so markup is allowed in it. */
export const messageText = bounded.trim().min(1);

/** How a project, a data source or a pool is named in a call: an id, or a name. */
export const referenceText = z.string().min(1).max(limit('name_chars'));

/** Whether what a schema takes is a name, title or description, in which a deployment refuses markup. */
export function isPlainText(schema: z.core.$ZodType): boolean {
  if (PLAIN.get(schema) !== undefined) return true;
  const inner = (schema._zod.def as { readonly innerType?: z.core.$ZodType }).innerType;
  return inner !== undefined && isPlainText(inner);
}
