import { type Change, MUTATORS } from './mutators.ts';
import { visitSource } from './syntax.ts';

/** One small fault in one file. */
export interface Mutant extends Change {
  /** Below the root of the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The source that `to` stands for. */
  readonly from: string;
}

/** All mutants of a source, in the order of the text. The same source gives the same ones. Pure. */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const found = new Map<string, Mutant>();
  visitSource(text, (node) => {
    for (const change of MUTATORS[node.type]?.(node, text) ?? []) {
      const from = text.slice(change.start, change.end);
      if (from === change.to) continue;
      const line = text.slice(0, change.start).split('\n').length;
      found.set(`${change.start} ${change.end} ${change.to}`, { ...change, file, line, from });
    }
  });
  return [...found.values()].sort((one, other) => one.start - other.start || one.end - other.end);
}

export function applyMutant(text: string, { start, end, to }: Change): string {
  return text.slice(0, start) + to + text.slice(end);
}
