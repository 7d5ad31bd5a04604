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

const FROM_CHARS_MAX = 80;

export function readExplained(): readonly Explained[] {
  return explainedSchema.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'survivors.json'), 'utf8')));
}

/** How a mutant is named where its line may move; `text` is the source that it is of. */
export function nameMutant(mutant: Mutant, text: string): Omit<Explained, 'reason'> {
  const { file, line, from, to } = mutant;
  return { file, code: text.split('\n')[line - 1]?.trim() ?? '', from: brief(from), to: brief(to) };
}

export function isSame(one: Omit<Explained, 'reason'>, other: Omit<Explained, 'reason'>): boolean {
  return one.file === other.file && one.code === other.code && one.from === other.from && one.to === other.to;
}

function brief(source: string): string {
  return source.replace(/\s+/g, ' ').slice(0, FROM_CHARS_MAX);
}
