import type { z } from 'zod';
import { Refusal } from '../http/refusal.ts';
import { findRefused, REFUSED_BY_DEFAULT, type RefusedText } from '../input/refused-text.ts';
import { isPlainText } from '../input/text-schemas.ts';

export type ParsedArguments =
  | { readonly ok: true; readonly input: Record<string, unknown> }
  | { readonly ok: false; readonly refusal: Refusal };

/** What is needed of a tool. */
interface Signature {
  readonly name: string;
  readonly input: z.ZodObject;
}

interface Fault {
  readonly at: string;
  readonly message: string;
}

const FAULTS_MAX = 10;
/** Arguments that become the bytes of a file, in which NUL may stand. */
const FILE_TEXT: ReadonlySet<string> = new Set(['content', 'code', 'old_text', 'new_text']);
/** Arguments whose own judge says more than this one could. */
const JUDGED_LATER: ReadonlySet<string> = new Set(['path', 'parameters', 'text']);

/**
 * Judges arguments by the tool's schema; each fault is named with its place. An argument that the tool does not have is
 * refused, not dropped: a run whose `params` were ignored would look like a good one. Text that Postgres or UTF-8
 * cannot hold is refused here, once for all tools.
 */
export function parseArguments(
  tool: Signature,
  given: unknown,
  refused: RefusedText = REFUSED_BY_DEFAULT,
): ParsedArguments {
  const parsed = tool.input.safeParse(given ?? {}, { error: nameWhatIsWrong });
  const faults = [
    ...unknownArguments(tool, given),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({
      at: path.join('.') || '(arguments)',
      message,
    })),
    ...textFaults(given, []),
    ...markupFaults(tool, given, refused),
  ].slice(0, FAULTS_MAX);
  if (parsed.success && faults.length === 0) return { ok: true, input: parsed.data };
  const names = Object.keys(tool.input.shape).join(', ') || 'none';
  return {
    ok: false,
    refusal: new Refusal(
      'invalid_arguments',
      faults.map(({ at, message }) => `${at}: ${message}`).join('; '),
      {
        hint: `${tool.name} takes: ${names}.`,
        details: { faults },
      },
    ),
  };
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' items' };

/** Zod would say "Too small: expected string to have >=1 characters", and call an object a record. */
function nameWhatIsWrong(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return issue.expected === 'record' ? 'expected a JSON object' : undefined;
    case 'too_small':
      if (issue.origin in UNITS && issue.minimum === 1) return 'is empty';
      return `must be at least ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
    case 'invalid_value':
      return `must be one of: ${issue.values.join(', ')}`;
    default:
      return undefined;
  }
}

function unknownArguments(tool: Signature, given: unknown): Fault[] {
  if (typeof given !== 'object' || given === null) return [];
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(tool.input.shape, name))
    .map((name) => ({ at: printable(name), message: 'there is no such argument' }));
}

function textFaults(value: unknown, path: readonly string[]): Fault[] {
  const name = path.at(-1) ?? '';
  if (JUDGED_LATER.has(name)) return [];
  if (typeof value === 'string') {
    const at = path.join('.');
    if (!value.isWellFormed())
      return [{ at, message: 'holds half of a surrogate pair, which is no Unicode text' }];
    if (value.includes('\0') && !FILE_TEXT.has(name)) return [{ at, message: 'holds a NUL character' }];
    return [];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => textFaults(item, [...path, `${index}`]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => textFaults(item, [...path, key]));
}

/** Faults of names, titles and descriptions; all other text may hold whatever a language is written with. */
function markupFaults(tool: Signature, given: unknown, refused: RefusedText): Fault[] {
  const values = given as Readonly<Record<string, unknown>> | null | undefined;
  return Object.entries(tool.input.shape).flatMap(([name, schema]) => {
    const value = isPlainText(schema) ? values?.[name] : undefined;
    const message = typeof value === 'string' ? findRefused(value, refused) : null;
    return message === null ? [] : [{ at: name, message }];
  });
}

/** A name that a caller made up, fit for a message. */
function printable(name: string): string {
  return name.slice(0, 60).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '\ufffd');
}
