import type { ImportGraph } from './import-graph.ts';

/** What the files of a folder may import of ours, beside their own folder. Programs at the rim may import anything but tests. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  worker: ['protocol'],
  executor: ['protocol', 'infra/sandbox-image', 'infra/image-signature'],
  infra: ['protocol'],
};

/** Imports that the law forbids, as "from imports to". */
export function findForbiddenImports(graph: ImportGraph): readonly string[] {
  return importsWhere(graph, (from, to) => !isAllowed(from, to));
}

const FIXTURES = 'worker/conformance/';

/** Imports by which a fixture of the conformance suite would get into what is deployed, as "from imports to". */
export function findFixtureImports(graph: ImportGraph): readonly string[] {
  return importsWhere(graph, (from, to) => !from.startsWith(FIXTURES) && to.startsWith(FIXTURES));
}

/** The folders of nouns in the Worker, which hold its operations; without the routes of their pages. */
const OPERATION =
  /^worker\/(audit|blobs|data|database|identity|input|keys|people|projects|runs|seal|sight|tenants|tokens)\/(?!(.*\/)?routes\/)/;
/** The doors through which operations are called. */
const DOOR = /^worker\/(api|console|mcp)\//;

/** Imports by which an operation would know how it was asked for, as "from imports to". */
export function findDoorImports(graph: ImportGraph): readonly string[] {
  return importsWhere(graph, (from, to) => OPERATION.test(from) && DOOR.test(to));
}

function importsWhere(graph: ImportGraph, isMeant: (from: string, to: string) => boolean): readonly string[] {
  return [...graph].flatMap(([from, targets]) =>
    targets.filter((to) => isMeant(from, to)).map((to) => `${from} imports ${to}`),
  );
}

function isAllowed(from: string, to: string): boolean {
  const home = topFolder(from);
  if (topFolder(to) === home) return true;
  if (topFolder(to) === 'test') return false;
  const allowed = MAY_IMPORT[home];
  return allowed === undefined || allowed.some((folder) => to.startsWith(`${folder}/`));
}

function topFolder(path: string): string {
  return path.split('/')[0] ?? path;
}
