import type { ImportGraph } from '../../gate/import-graph.ts';
import { readSource } from '../../gate/source-files.ts';
import type { Module } from './modules.ts';
import { mutantsOf } from './mutants-of.ts';
import { type Explained, isSame, nameMutant } from './survivors.ts';
import { testsOf } from './tests-of.ts';
import { type Tried, tryMutants } from './try-mutants.ts';

export interface TriedFile {
  readonly file: string;
  readonly mutants: number;
  readonly noticed: number;
}

export interface Survivor extends Explained {
  readonly line: number;
}

export interface TriedModule {
  readonly files: readonly TriedFile[];
  /** Mutants that no test notices; the reason is empty where none was written down. */
  readonly survivors: readonly Survivor[];
}

/** Tries all mutants of a module's files, one file after the other. */
export async function tryModule(
  module: Module,
  graph: ImportGraph,
  explained: readonly Explained[],
  onTried: (file: string, tried: Tried, of: number) => void,
): Promise<TriedModule> {
  const files: TriedFile[] = [];
  const survivors: Survivor[] = [];
  for (const file of module.files) {
    const text = readSource(file);
    const mutants = mutantsOf(file, text);
    const tried = await tryMutants(file, testsOf(file, module, graph, readSource), mutants, (each) =>
      onTried(file, each, mutants.length),
    );
    const missed = tried.filter(({ by }) => by === null);
    files.push({ file, mutants: mutants.length, noticed: mutants.length - missed.length });
    for (const { mutant } of missed) {
      const name = nameMutant(mutant, text);
      const reason = explained.find((each) => isSame(each, name))?.reason ?? '';
      survivors.push({ ...name, line: mutant.line, reason });
    }
  }
  return { files, survivors };
}
