import type { z } from 'zod';
import { findRefused, REFUSED_BY_DEFAULT, type RefusedText } from './refused-text.ts';
import { nameText } from './text-schemas.ts';

export type ParsedName =
  | { readonly ok: true; readonly name: string }
  /** `problem` completes "The name …". */
  | { readonly ok: false; readonly problem: string };

/** A name of a form or command, judged as those of tools and of the API are. */
export function parseName(text: string, refused: RefusedText = REFUSED_BY_DEFAULT): ParsedName {
  const parsed = nameText.safeParse(text.replaceAll(/\s+/g, ' '));
  if (!parsed.success) return { ok: false, problem: problemOf(parsed.error.issues[0]) };
  const problem = findRefused(parsed.data, refused);
  return problem === null ? { ok: true, name: parsed.data } : { ok: false, problem };
}

function problemOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'too_small') return 'is empty';
  if (issue?.code === 'too_big') return `is over ${issue.maximum} characters`;
  return issue?.message ?? 'is none';
}
