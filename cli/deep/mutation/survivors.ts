import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Mutant } from './mutants-of.ts';

/*
 * Mutants that no unit test notices, and why that is so: the program does the same with it, or a test with real parts,
 * which is named, notices it.
 */
const explainedSchema = z.array(
  z.strictObject({
    file: z.string(),
    /** The line on which it begins, without blanks around: lines move. */
    code: z.string(),
    from: z.string(),
    to: z.string(),
    reason: z.string().min(20),
  }),
);
export type Explained = z.infer<typeof explainedSchema>[number];

const SHOWN_CHARS_MAX = 80;
const SHOWN_BEFORE_CHARS = 20;

export function readExplained(): readonly Explained[] {
  return explainedSchema.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'survivors.json'), 'utf8')));
}

/**
 * How a mutant is named where its line may move; `text` is the source that it is of. Two mutants of a long pattern have
 * two names: what is long is shown from shortly before the fault.
 */
export function nameMutant(mutant: Mutant, text: string): Omit<Explained, 'reason'> {
  const { file, line } = mutant;
  const [from, to] = [mutant.from, mutant.to].map((source) => source.replace(/\s+/g, ' ')) as [
    string,
    string,
  ];
  const isLong = from.length > SHOWN_CHARS_MAX && to.length > SHOWN_CHARS_MAX;
  const start = isLong ? Math.max(0, faultAt(from, to) - SHOWN_BEFORE_CHARS) : 0;
  return {
    file,
    code: text.split('\n')[line - 1]?.trim() ?? '',
    from: shownFrom(start, from),
    to: shownFrom(start, to),
  };
}

export function isSame(one: Omit<Explained, 'reason'>, other: Omit<Explained, 'reason'>): boolean {
  return one.file === other.file && one.code === other.code && one.from === other.from && one.to === other.to;
}

function faultAt(from: string, to: string): number {
  let at = 0;
  while (at < from.length && from[at] === to[at]) at++;
  return at;
}

function shownFrom(start: number, source: string): string {
  return `${start > 0 ? '…' : ''}${source.slice(start, start + SHOWN_CHARS_MAX)}`;
}
