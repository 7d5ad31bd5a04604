import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { bundleWorker } from '../../infra/workerd/bundle.ts';
import { childEnvironment } from '../stack/child-environment.ts';
import { CACHE_DIR, ROOT_DIR } from '../stack/state-paths.ts';
import { WORKER_ENTRIES } from '../stack/worker-entry.ts';
import type { Claim } from './claim.ts';
import { compareSchema, writeSchema } from './committed-schema.ts';
import { findUnlistedDecisions } from './decision-index.ts';
import { findStaleDocs, writeDocs } from './generated-docs.ts';
import { findUnprovenGuarantees } from './guarantees.ts';
import { buildImportGraph, findCycles, type SourceText } from './import-graph.ts';
import { findDoorImports, findFixtureImports, findForbiddenImports } from './import-law.ts';
import { findUnlockedPackages } from './lock-file.ts';
import {
  findEngineCallers,
  findLongFiles,
  findMachineTraces,
  findStrayLogs,
  findStrayOpeners,
  findStraySql,
} from './places.ts';
import { compareSurface, writeSurface } from './public-surface.ts';
import { runTool } from './run-tool.ts';
import { listCommits, listFiles, readSource } from './source-files.ts';
import { compareBindings, compareSettings } from './worker-bindings.ts';

const TEXT = /\.(ts|mjs|sh|sql|py|md|json|toml|txt|yml|yaml)$|^(causeway|\.ci\/run)$/;
const PROGRAM = /\.(ts|mjs|sql|py|sh)$/;
const GENERATED = /^(package-lock\.json|schema\.sql)$/;

function sources(wanted: RegExp): readonly SourceText[] {
  return listFiles()
    .filter((path) => wanted.test(path) && !GENERATED.test(path))
    .map((path) => ({ path, text: readSource(path) }));
}

/** The gate: the same at home and in CI. The cheap ones come first. */
export const CLAIMS: readonly Claim[] = [
  {
    says: 'Worker and executor do not import each other',
    check: () => findForbiddenImports(buildImportGraph(sources(/\.ts$/), { withTypes: true })),
  },
  {
    says: 'Nothing imports a conformance fixture but the entry that has them',
    check: () => findFixtureImports(buildImportGraph(sources(/\.ts$/), { withTypes: true })),
  },
  {
    says: 'An operation does not know whether a page, the API or an agent asks for it',
    check: () => findDoorImports(buildImportGraph(sources(/\.ts$/), { withTypes: true })),
  },
  {
    says: 'No file imports itself by a detour',
    check: () => findCycles(buildImportGraph(sources(/\.ts$/), { withTypes: false })),
  },
  { says: 'SQL stands only where it may', check: () => findStraySql(sources(/\.ts$/)) },
  {
    says: 'Nothing is logged but by the function that masks secrets',
    check: () => findStrayLogs(sources(/\.ts$/)),
  },
  {
    says: 'What agents may not see is opened in one folder',
    check: () => findStrayOpeners(sources(/\.ts$/)),
  },
  { says: 'Only one file talks to each engine', check: () => findEngineCallers(sources(/\.ts$/)) },
  {
    says: 'No file names a registry host or a path of this machine',
    check: () => findMachineTraces(sources(TEXT)),
  },
  { says: 'No program is longer than 350 lines', check: () => findLongFiles(sources(PROGRAM)) },
  {
    says: 'Every guarantee has a test',
    check: () => {
      const files = new Set(listFiles());
      return findUnprovenGuarantees(readSource('SECURITY.md'), (path) =>
        files.has(path) ? readSource(path) : null,
      );
    },
  },
  {
    says: 'Every decision is in the index, under its title',
    check: () => findUnlistedDecisions(sources(/^docs\/decisions\/.*\.md$/)),
  },
  {
    says: 'Every regular expression takes time in proportion to its text',
    check: checkExpressions,
  },
  {
    says: 'The report of the deep checks gives a reason for each fault that nobody noticed',
    check: checkDeepReport,
  },
  { says: 'Plain workerd has the bindings of wrangler.toml', check: compareBindings },
  { says: 'Every setting is described once', check: compareSettings },
  {
    says: 'The lock file installs on every platform',
    check: () => findUnlockedPackages(readSource('package-lock.json')),
  },
  { says: 'Generated docs are current', check: findStaleDocs, mend: writeDocs },
  {
    says: 'Names that others build on are as committed',
    check: compareSurface,
    mend: writeSurface,
  },
  {
    says: 'Code is formatted and linted',
    check: () => runTool('@biomejs/biome/bin/biome', ['ci', '--colors=off', '--max-diagnostics=40', '.']),
    mend: async () => void (await runTool('@biomejs/biome/bin/biome', ['check', '--write', '.'])),
  },
  { says: 'Types hold', check: checkTypes },
  { says: 'The committed schema is what the migrations make', check: compareSchema, mend: writeSchema },
  { says: 'The Worker deploys (dry run)', check: deployDryRun },
];

/** The gate's own files read only this checkout, so they are left out. The parsers are loaded here and not by every command. */
async function checkExpressions(): Promise<readonly string[]> {
  const { findSlowExpressions } = await import('./regular-expressions.ts');
  return findSlowExpressions(sources(/^(worker|executor|protocol|infra|cli\/(?!gate\/)).*(?<!\.d)\.ts$/));
}

async function checkDeepReport(): Promise<readonly string[]> {
  const { judgeDeepReport } = await import('./deep-report.ts');
  return judgeDeepReport(readSource('docs/security/deep-report.json'), listCommits());
}

/** Files of the Worker are judged with the platform's types, by their own project alone. */
async function checkTypes(): Promise<readonly string[]> {
  const [ours, workers] = await Promise.all([
    runTool('typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']),
    runTool('typescript/bin/tsc', ['--noEmit', '-p', 'worker/tsconfig.json']),
  ]);
  return [...ours.filter((line) => /^(?!worker\/)\S/.test(line)), ...workers];
}

async function deployDryRun(): Promise<readonly string[]> {
  const homeDir = join(CACHE_DIR, 'wrangler-home');
  const made = await bundleWorker({
    rootDir: ROOT_DIR,
    entry: WORKER_ENTRIES.product,
    cacheDir: join(CACHE_DIR, 'bundles'),
    env: childEnvironment(homeDir, { WRANGLER_LOG_PATH: join(homeDir, 'logs') }),
  });
  return made.ok ? [] : stripVTControlCharacters(made.output).trim().split('\n');
}
