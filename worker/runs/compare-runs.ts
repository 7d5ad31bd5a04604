import type { Output } from '../../protocol/outcome.ts';
import type { RunRow } from '../database/runs.ts';
import { openRun } from '../sight/see-run.ts';
import { addressOfRun } from '../sight/withheld.ts';
import type { Reader } from './caller.ts';
import {
  compareByName,
  compareManifests,
  type InputDifferences,
  type NamedChange,
} from './compare/compare-manifests.ts';
import { compareTables, type TableDifference } from './compare/compare-tables.ts';
import { blobBytes } from './output/open-output.ts';
import { readCsv, type Table } from './output/read-csv.ts';
import { requireRuns } from './run-view.ts';

const TABLES_MAX = 5;
const TABLE_BYTES_MAX = 256 * 1024;
const COLUMNS_MAX = 20;

export interface Comparison {
  readonly a: RunRow;
  readonly b: RunRow;
  readonly inputs: InputDifferences;
  readonly outputs: readonly NamedChange[];
  /** Numeric differences of CSV outputs that both runs left, by name. */
  readonly tables: readonly ({ readonly name: string } & TableDifference)[];
}

/** What differs between two runs, in what they were made of and in what they left. One database request. */
export async function compareRuns(context: Reader, runA: string, runB: string): Promise<Comparison> {
  const found = await requireRuns(context, [runA, runB]);
  const [a, b] = found.map((run) => openRun(run, addressOfRun(context, run.run))) as [RunRow, RunRow];
  const [left, right] = [outputsOf(a), outputsOf(b)];
  const outputs = compareByName(digests(a), digests(b));
  const comparable = outputs
    .filter(
      ({ name, change }) => change === 'changed' && isSmallCsv(left.get(name)) && isSmallCsv(right.get(name)),
    )
    .slice(0, TABLES_MAX);
  const tables = await Promise.all(
    comparable.map(async ({ name }) => {
      const [tableA, tableB] = await Promise.all([
        readTable(context, a.run, left, name),
        readTable(context, b.run, right, name),
      ]);
      return { name, ...compareTables(tableA, tableB, COLUMNS_MAX) };
    }),
  );
  return { a, b, inputs: compareManifests(a.manifest, b.manifest), outputs, tables };
}

function outputsOf(row: RunRow): Map<string, Output> {
  return new Map((row.outcome?.outputs ?? []).map((output) => [output.name, output]));
}

/** Of what it left, also of what has expired since. */
function digests({ outcome }: RunRow): Map<string, string> {
  const kept = (outcome?.outputs ?? []).map(({ name, sha256 }) => [name, sha256] as const);
  const expired = (outcome?.expired?.outputs ?? []).map(({ name, digest }) => [name, digest] as const);
  return new Map([...kept, ...expired]);
}

function isSmallCsv(output: Output | undefined): boolean {
  return output?.media_type === 'text/csv' && output.bytes <= TABLE_BYTES_MAX;
}

async function readTable(
  context: Reader,
  run: string,
  outputs: ReadonlyMap<string, Output>,
  name: string,
): Promise<Table> {
  const output = outputs.get(name) as Output;
  return readCsv(new TextDecoder().decode(await blobBytes(context, run, output.sha256)), ',');
}
