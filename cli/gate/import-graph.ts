import { dirname, join } from 'node:path';

export interface SourceText {
  /** Relative to the checkout. */
  readonly path: string;
  readonly text: string;
}

/** Relative imports by file: paths relative to the checkout, in the order of the text. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

// `import ... from '...'`, `export ... from '...'`, `import '...'` at the begin of a line, and `import('...')` anywhere.
const STATEMENT = /^\s*(?:import|export)\b[^'";]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
const TYPE_ONLY = /^\s*(?:import|export)\s+type\b/;

/** Who imports whom. Types count for the law and not for cycles: they are gone when the program runs. */
export function buildImportGraph(
  sources: readonly SourceText[],
  options: { readonly withTypes: boolean },
): ImportGraph {
  return new Map(
    sources.map(({ path, text }) => {
      const statements = [...text.matchAll(STATEMENT)].filter(
        (match) => options.withTypes || !TYPE_ONLY.test(match[0]),
      );
      const targets = [...statements, ...text.matchAll(DYNAMIC)].map((match) => match[1] ?? match[2] ?? '');
      return [
        path,
        targets.filter((target) => target.startsWith('.')).map((target) => join(dirname(path), target)),
      ];
    }),
  );
}

/** The first way around a circle that is found from each file, as "a -> b -> a"; a circle is named once. */
export function findCycles(graph: ImportGraph): readonly string[] {
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      cycles.push([...trail.slice(at), path].join(' -> '));
      return;
    }
    if (finished.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}
