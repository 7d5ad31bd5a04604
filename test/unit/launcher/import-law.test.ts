import { describe, expect, test } from 'vitest';
import { buildImportGraph, findCycles } from '../../../cli/gate/import-graph.ts';
import { findDoorImports, findFixtureImports, findForbiddenImports } from '../../../cli/gate/import-law.ts';

const forbiddenIn = (path: string, text: string): readonly string[] =>
  findForbiddenImports(buildImportGraph([{ path, text }], { withTypes: true }));

describe('an import against the law is found, however it is written', () => {
  test.each([
    ['a plain import', "import { gvisor } from '../executor/sandbox/gvisor.ts';"],
    ['a type', "import type { Engine } from '../executor/sandbox/engine.ts';"],
    ['a re-export', "export * from '../executor/main.ts';"],
    ['an import for its effect', "import '../executor/main.ts';"],
    ['an import over many lines', "import {\n  one,\n  two,\n} from '../executor/main.ts';"],
    ['an import when needed', "const late = await import('../executor/main.ts');"],
  ])('%s', (_name, text) => {
    expect(forbiddenIn('worker/index.ts', text)).toHaveLength(1);
  });
});

test.each([
  ['executor/main.ts', "import { app } from '../worker/app.ts';", 1],
  ['protocol/ids.ts', "import { app } from '../worker/app.ts';", 1],
  ['cli/main.ts', "import { startTestStack } from '../test/support/stack.ts';", 1],
  ['worker/app.ts', "import { LIMITS } from '../protocol/limits.ts';", 0],
  ['cli/main.ts', "import { ROUTES } from '../worker/http/routes.ts';", 0],
  ['worker/app.ts', "const text = 'no import from executor';", 0],
])('%s with `%s` breaks it %i times', (path, text, count) => {
  expect(forbiddenIn(path, text)).toHaveLength(count);
});

test.each([
  ['worker/index.ts', "import { WITH_FIXTURES } from './conformance/offer.ts';", 1],
  ['worker/mcp/tools/index.ts', "export * from '../../conformance/tools/content.ts';", 1],
  ['worker/conformance/index.ts', "import { WITH_FIXTURES } from './offer.ts';", 0],
])('%s with `%s` would deploy a fixture %i times', (path, text, count) => {
  const graph = buildImportGraph([{ path, text }], { withTypes: true });
  expect(findFixtureImports(graph)).toHaveLength(count);
});

test.each([
  ['worker/runs/follow.ts', "import type { ToolContext } from '../mcp/tool.ts';", 1],
  ['worker/tenants/life/delete-tenant.ts', "import { teamsPage } from '../../console/teams-page.ts';", 1],
  ['worker/audit/sinks/manage-sinks.ts', "import { newSink } from '../../api/routes/audit.ts';", 1],
  ['worker/audit/routes/sinks.ts', "import { newSink } from '../../api/routes/audit.ts';", 0],
  ['worker/tenants/life/routes/teams.ts', "import { teamsPage } from '../../../console/teams-page.ts';", 0],
  ['worker/mcp/tools/run-model.ts', "import { startRun } from '../../runs/start-run.ts';", 0],
])('%s with `%s` knows %i times who asks for it', (path, text, count) => {
  expect(findDoorImports(buildImportGraph([{ path, text }], { withTypes: true }))).toHaveLength(count);
});

test('a circle of imports is named once, and types make none', () => {
  const sources = [
    { path: 'worker/a.ts', text: "import { b } from './b.ts';" },
    { path: 'worker/b.ts', text: "import { c } from './c.ts';" },
    { path: 'worker/c.ts', text: "import { a } from './a.ts';" },
    { path: 'worker/d.ts', text: "import type { A } from './e.ts';" },
    { path: 'worker/e.ts', text: "import { d } from './d.ts';" },
  ];
  expect(findCycles(buildImportGraph(sources, { withTypes: false }))).toEqual([
    'worker/a.ts -> worker/b.ts -> worker/c.ts -> worker/a.ts',
  ]);
});
