import { z } from 'zod';

/**
 * The version of what a description holds. Raise it when `describe/` says more or other things: bytes that were
 * described before are then described anew at their next import.
 */
export const DESCRIBER = '1';

const COLUMN_TYPES = [
  'integer',
  'number',
  'boolean',
  'date',
  'datetime',
  'time',
  'duration',
  'text',
  'binary',
  'list',
  'object',
  'mixed',
  'empty',
] as const;

const shownText = z.string().max(400);
const bound = z.union([z.number(), shownText]);

const columnSchema = z.object({
  name: z.string().min(1).max(200),
  type: z.enum(COLUMN_TYPES),
  nulls: z.number().int().min(0),
  min: bound.nullable().optional(),
  max: bound.nullable().optional(),
  note: z
    .object({
      kind: z.enum(['leading_zeros', 'long_digits', 'digits_as_text', 'formula_cells', 'mixed']),
      row: z.number().int().optional(),
      cell: shownText.nullable().optional(),
    })
    .optional(),
});
export type Column = z.infer<typeof columnSchema>;

const descriptionSchema = z.object({
  row_count: z.number().int().min(0),
  column_count: z.number().int().min(1).max(2000),
  /** The first 200 columns. */
  columns: z.array(columnSchema).min(1).max(200),
  /** Up to five rows of the first 50 columns; a missing cell is null, any other is text. */
  sample: z.array(z.array(shownText.nullable()).max(50)).max(5),
});
export type Description = z.infer<typeof descriptionSchema> & { readonly describer: string };

/** What is wrong with data; `explain-fault.ts` says it in words. */
const line = z.number().int().min(1);
const position = z.number().int().min(1);
const faultSchema = z.discriminatedUnion('reason', [
  z.object({
    reason: z.enum(['empty', 'byte_order_mark', 'json_array', 'no_parquet_reader', 'not_parquet']),
  }),
  z.object({ reason: z.literal('other_format'), found: shownText }),
  z.object({
    reason: z.enum([
      'binary',
      'open_quote',
      'bad_quoting',
      'bare_carriage_return',
      'nested_too_deep',
      'not_an_object',
    ]),
    line,
  }),
  z.object({ reason: z.literal('not_utf8'), line, byte: position }),
  z.object({ reason: z.literal('not_json'), line, character: position }),
  z.object({ reason: z.literal('duplicate_key'), line, name: shownText }),
  z.object({ reason: z.enum(['line_too_long', 'cell_too_large']), line, limit: z.number() }),
  z.object({ reason: z.literal('too_many_columns'), found: z.number().int(), limit: z.number().int() }),
  z.object({ reason: z.literal('wrong_delimiter'), line, expected: shownText, found: shownText }),
  z.object({ reason: z.literal('no_header'), line, cells: z.array(shownText.nullable()).max(3) }),
  z.object({
    reason: z.literal('ragged_row'),
    line,
    expected: z.number().int(),
    found: z.number().int(),
  }),
  z.object({ reason: z.literal('empty_name'), column: position }),
  z.object({ reason: z.literal('name_too_long'), column: position, limit: z.number().int() }),
  z.object({ reason: z.literal('unseen_characters_in_name'), column: position, name: shownText }),
  z.object({
    reason: z.literal('duplicate_column'),
    column: position,
    first: position,
    name: shownText,
  }),
]);
export type Fault = z.infer<typeof faultSchema>;

const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), description: descriptionSchema }),
  z.object({ ok: z.literal(false), fault: faultSchema }),
]);

export type Inspected =
  | { readonly ok: true; readonly description: Description }
  | { readonly ok: false; readonly fault: Fault };

/**
 * Parses what the describing script left in /outputs. It ran beside hostile bytes, so it is believed no more than any
 * other program in a sandbox: bounds and forms are checked, and null is the answer where they do not hold.
 */
export function parseInspection(text: string): Inspected | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const checked = answerSchema.safeParse(parsed);
  if (!checked.success) return null;
  if (!checked.data.ok) return checked.data;
  return { ok: true, description: { ...checked.data.description, describer: DESCRIBER } };
}
