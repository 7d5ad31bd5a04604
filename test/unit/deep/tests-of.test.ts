import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { MODULES } from '../../../cli/deep/mutation/modules.ts';
import { testsOf } from '../../../cli/deep/mutation/tests-of.ts';
import { buildImportGraph } from '../../../cli/gate/import-graph.ts';
import { listFiles, readSource } from '../../../cli/gate/source-files.ts';

const paths = listFiles().filter((path) => path.endsWith('.ts'));
const graph = buildImportGraph(
  paths.map((path) => ({ path, text: readSource(path) })),
  { withTypes: false },
);

it.each(MODULES.flatMap((module) => module.files.map((file) => ({ file, module }))))(
  'faults of $file are looked for by the test of its own name, which needs nothing that mutants have not',
  ({ file, module }) => {
    const name = `${basename(file, '.ts')}.test.ts`;
    const own = [...graph]
      .filter(
        ([test, targets]) =>
          test.startsWith('test/unit/') && basename(test) === name && targets.includes(file),
      )
      .map(([test]) => test);
    const tests = testsOf(file, module, graph, readSource);
    expect(tests).toEqual(expect.arrayContaining(own));
    expect(tests.length).toBeGreaterThan(0);
  },
);
