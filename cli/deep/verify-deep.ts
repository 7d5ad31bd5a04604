import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { buildImportGraph } from '../gate/import-graph.ts';
import { listFiles, readSource } from '../gate/source-files.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printNote, printProgress, styled } from '../terminal/print.ts';
import type { DeepReport, ModuleReport, ParserReport, Seen } from './deep-report.ts';
import { readDeepReport } from './deep-report.ts';
import { fuzz } from './fuzzing/fuzz.ts';
import type { Parser } from './fuzzing/parser.ts';
import { PARSERS } from './fuzzing/parsers/index.ts';
import { keepSeed } from './fuzzing/seeds.ts';
import { MODULES, type Module } from './mutation/modules.ts';
import { readExplained } from './mutation/survivors.ts';
import { tryModule } from './mutation/try-module.ts';

/** What a run of the deep checks came to; it need not be what may be committed. */
export interface DeepResult {
  readonly modules: readonly ModuleReport[];
  readonly parsers: readonly ParserReport[];
}

export interface DeepChoice {
  readonly modules: readonly Module[];
  readonly parsers: readonly Parser[];
}

/** The modules and parsers of these names; all where none is named. `mutation` and `fuzzing` are all of a kind. */
export function chooseDeep(names: readonly string[]): DeepChoice {
  const known = ['mutation', 'fuzzing', ...[...MODULES, ...PARSERS].map(({ name }) => name)];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Failure({
      what: `There is no module or parser ${unknown}.`,
      why: 'cli/deep/mutation/modules.ts and cli/deep/fuzzing/parsers/ have the names',
      remedy: `name some of: ${known.join(' ')}`,
    });
  const isWanted = (kind: string) => (each: { readonly name: string }) =>
    names.length === 0 || names.includes(kind) || names.includes(each.name);
  return { modules: MODULES.filter(isWanted('mutation')), parsers: PARSERS.filter(isWanted('fuzzing')) };
}

/** Runs the checks of the checks one after the other, and says on stderr how far it is. */
export async function verifyDeep(
  { modules, parsers }: DeepChoice,
  secondsPerParser: number,
): Promise<DeepResult> {
  const result = { modules: [] as ModuleReport[], parsers: [] as ParserReport[] };
  const graph = buildImportGraph(
    listFiles()
      .filter((path) => path.endsWith('.ts'))
      .map((path) => ({ path, text: readSource(path) })),
    { withTypes: false },
  );
  for (const module of modules) {
    printNote(styled('bold', `\n${module.name} (${module.says})`));
    const explained = readExplained();
    const progress = progressOf();
    const [tried, seen] = await watched(() => tryModule(module, graph, explained, progress));
    const { name, says } = module;
    result.modules.push({ name, says, seen, files: [...tried.files], survivors: [...tried.survivors] });
  }
  for (const parser of parsers) {
    const { name, file, says } = parser;
    printNote(styled('bold', `\n${name} (${says})`));
    const task = { parser: name, seconds: secondsPerParser, seed: Date.now() % 2 ** 31 };
    const [fuzzed, seen] = await watched(() => fuzz(task, (inputs) => printProgress(`${inputs} inputs`)));
    const finds = fuzzed.finds.map((find) => ({
      ...find,
      keptIn: find.input === null ? null : keepSeed(name, find.input),
    }));
    result.parsers.push({ name, file, says, seen, ...fuzzed, finds });
  }
  printNote('');
  return result;
}

/** A report speaks of one commit: asked before an hour is spent on it, and again when it is written. */
export function requireCommitted(foundSince: readonly string[] = []): void {
  const first = firstChange(ROOT_DIR, foundSince);
  if (first === null) return;
  throw new Failure({
    what: 'No report is written: files differ from the commit that it would name.',
    why: `a report speaks of one commit, and git status shows ${first}`,
    remedy: 'commit first, then ./causeway verify --deep --out FILE; without --out it runs as it is',
  });
}

/** A file that differs from the commit, as git status shows it, beside `others`; null where none does. */
export function firstChange(dir: string, others: readonly string[]): string | null {
  const beside = others.map((file) => `:(exclude,literal)${file}`);
  const [first = ''] = git(dir, 'status', '--porcelain', '--', '.', ...beside).split('\n');
  return first === '' ? null : first;
}

/** Puts a result into a report that is there. */
export function writeReport(file: string, result: DeepResult): void {
  requireCommitted(result.parsers.flatMap(({ finds }) => finds.flatMap(({ keptIn }) => keptIn ?? [])));
  const before: DeepReport = existsSync(file)
    ? readDeepReport(readFileSync(file, 'utf8'))
    : { modules: [], parsers: [] };
  writeFileSync(file, `${JSON.stringify(mergeReport(before, result), null, 2)}\n`);
}

/**
 * A report with what a run came to. What was not looked at stays as it was, and so does a parser that was broken: its row
 * comes when it was mended. Pure.
 */
export function mergeReport(before: DeepReport, { modules, parsers }: DeepResult) {
  const unbroken = parsers.filter(({ finds }) => finds.length === 0);
  return {
    modules: inOrder(MODULES, [...modules, ...before.modules]),
    parsers: inOrder(PARSERS, [...unbroken, ...before.parsers]),
  };
}

function inOrder<Row extends { readonly name: string }>(
  order: readonly { readonly name: string }[],
  rows: readonly Row[],
): readonly Row[] {
  return order.flatMap(({ name }) => rows.find((row) => row.name === name) ?? []);
}

async function watched<Result>(work: () => Promise<Result>): Promise<[Result, Seen]> {
  const startedAt = performance.now();
  const result = await work();
  const seen = {
    commit: git(ROOT_DIR, 'rev-parse', 'HEAD'),
    at: new Date().toISOString(),
    seconds: Math.round((performance.now() - startedAt) / 1000),
    node: process.version,
    cores: cpus().length,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
  return [result, seen];
}

function progressOf() {
  let [current, tried, missed] = ['', 0, 0];
  return (file: string, { by }: { readonly by: string | null }, of: number): void => {
    if (file !== current) [current, tried, missed] = [file, 0, 0];
    tried++;
    if (by === null) missed++;
    printProgress(`${file}: ${tried} of ${of} mutants, ${missed} not noticed${tried === of ? '\n' : ''}`);
  };
}

function git(dir: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();
}
