import type { SourceText } from './import-graph.ts';

const SQL_PLACES = ['worker/database/', 'cli/database/', 'infra/postgres-http/', 'test/', 'bench/'];
const SQL =
  /['"`]\s*(?:select\s[^'"`]*(?:\sfrom\s|\()|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|(?:create|alter|drop)\s+(?:table|role|schema|function|policy|index)\s|grant\s+\S+\s+on\s|set\s+(?:local\s+)?role\s)/i;
/** The SQLite inside a Durable Object is that object's own memory, not the database. */
const OWN_STORAGE = /\bsql\.exec\b|\bSqlStorage\b/;

/** Lines with SQL for Postgres outside the folders that may hold it. */
export function findStraySql(sources: readonly SourceText[]): readonly string[] {
  return sources
    .filter(({ path }) => !SQL_PLACES.some((place) => path.startsWith(place)))
    .filter(({ text }) => !OWN_STORAGE.test(text))
    .flatMap((source) => findLines(source, SQL));
}

/** How a program could log past its one function that masks secrets (`past`), and the file of that function. */
const LOGS: readonly { readonly home: RegExp; readonly file: string; readonly past: RegExp }[] = [
  { home: /^(worker|protocol)\//, file: 'worker/log.ts', past: /\bconsole\s*\.|\bglobalThis\.console\b/ },
  {
    home: /^executor\//,
    file: 'executor/log.ts',
    past: /\bconsole\s*\.|\bglobalThis\.console\b|\bstderr\s*\.\s*write\b/,
  },
  { home: /^cli\//, file: 'cli/terminal/print.ts', past: /\bconsole\s*\.|\bstderr\s*\.\s*write\b/ },
  {
    home: /^infra\/postgres-http\//,
    file: 'infra/postgres-http/log.ts',
    past: /\bconsole\s*\.|\bstderr\s*\.\s*write\b/,
  },
];

/** Lines that write to a log past the one function of their program, which masks secrets. */
export function findStrayLogs(sources: readonly SourceText[]): readonly string[] {
  return LOGS.flatMap(({ home, file, past }) =>
    sources
      .filter(({ path }) => home.test(path) && path !== file)
      .flatMap((source) => findLines(source, past)),
  );
}

/** Lines that open what not every caller may see, past the functions that decide what of it is shown. */
export function findStrayOpeners(sources: readonly SourceText[]): readonly string[] {
  return sources
    .filter(({ path }) => /^worker\//.test(path) && !path.startsWith('worker/sight/'))
    .flatMap((source) => [
      ...findLines(source, /\bopenUnseen\b/),
      ...(/^worker\/(runs\/pool|database)\//.test(source.path)
        ? []
        : findLines(source, /\bselectRunsOfPool\b/)),
    ]);
}

/** How an engine is talked to, and the one file that does. */
const ENGINE_CALLERS = [
  {
    file: 'executor/sandbox/gvisor.ts',
    needs: /node:child_process/,
    talks: /runscPath|--platform=|--network=none/,
  },
  { file: 'executor/sandbox/docker-api.ts', needs: /node:http/, talks: /socketPath/ },
];

/** Lines of the executor that talk to a container engine outside of the one file that may. */
export function findEngineCallers(sources: readonly SourceText[]): readonly string[] {
  return ENGINE_CALLERS.flatMap(({ file, needs, talks }) =>
    sources
      .filter(({ path, text }) => path.startsWith('executor/') && path !== file && needs.test(text))
      .flatMap((source) => findLines(source, talks)),
  );
}

// Built from pieces, so that this file does not contain what it looks for.
const REGISTRY_HOSTS = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['pypi', 'org'],
  ['files', 'pythonhosted', 'org'],
  ['deb', 'debian', 'org'],
].map((labels) => labels.join('\\.'));
const MACHINE_PATHS = ['work/main', 'work/shared', 'root/\\.', 'home/[a-z]+/'].map(
  (path) => `(?<![\\w.])/${path}`,
);
const MACHINE = new RegExp([...REGISTRY_HOSTS, ...MACHINE_PATHS].join('|'));

/** Lines that name a registry's host, or a path of the machine that they were written on. */
export function findMachineTraces(sources: readonly SourceText[]): readonly string[] {
  return sources.flatMap((source) => findLines(source, MACHINE));
}

const LINES_MAX = 350;

/** Files that have grown too long to have one subject. */
export function findLongFiles(sources: readonly SourceText[]): readonly string[] {
  return sources
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => `${path} has ${lines} lines; ${LINES_MAX} are the most`);
}

function findLines({ path, text }: SourceText, pattern: RegExp): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      pattern.test(line) ? [`${path}:${index + 1}  ${line.trim().slice(0, 120)}`] : [],
    );
}
