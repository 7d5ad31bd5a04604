import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DISK } from '../sandbox/attacks/disk/expected.ts';
import type { Expected } from '../sandbox/attacks/expected.ts';
import { HOST } from '../sandbox/attacks/host/expected.ts';
import { KERNEL } from '../sandbox/attacks/kernel/expected.ts';
import { MEMORY } from '../sandbox/attacks/memory/expected.ts';
import { NETWORK } from '../sandbox/attacks/network/expected.ts';
import { OUTPUTS } from '../sandbox/attacks/outputs/expected.ts';
import { PRIVILEGES } from '../sandbox/attacks/privileges/expected.ts';
import { PROCESSES } from '../sandbox/attacks/processes/expected.ts';
import { RESIDUE } from '../sandbox/attacks/residue/expected.ts';
import { STREAMS } from '../sandbox/attacks/streams/expected.ts';
import type { EngineName } from './engines.ts';

const FOLDER = join(import.meta.dirname, '..', 'sandbox', 'attacks');

const KINDS = {
  network: NETWORK,
  privileges: PRIVILEGES,
  kernel: KERNEL,
  host: HOST,
  processes: PROCESSES,
  memory: MEMORY,
  disk: DISK,
  outputs: OUTPUTS,
  streams: STREAMS,
  residue: RESIDUE,
};

export interface Attack {
  /** `network/tcp`: a file of test/sandbox/attacks. */
  readonly name: string;
  readonly expected: Expected;
}

/** Every attack that has a row, with its row under this engine. */
export function attacksUnder(engine: EngineName): readonly Attack[] {
  return Object.entries(KINDS).flatMap(([kind, rows]) =>
    Object.entries(rows).map(([name, row]) => ({
      name: `${kind}/${name}`,
      expected: row.under?.[engine] ?? row,
    })),
  );
}

/** Every attack that has a file. */
export function attackFiles(): string[] {
  return globSync('*/*.py', { cwd: FOLDER }).map((path) => path.replace(/\.py$/, ''));
}

/** A file of test/sandbox/attacks, with the module in which attacks say what they met. */
export function attack(name: string): { code: string; files: Record<string, string> } {
  const text = (file: string) => readFileSync(join(FOLDER, `${file}.py`), 'utf8');
  return { code: text(name), files: { 'attempt.py': text('attempt') } };
}

/** The lines of an attack that got through; throws where it never came to try. */
export function gotThrough(stdout: string): string[] {
  const lines = stdout.split('\n');
  if (!lines.some((line) => line.startsWith('refused ')))
    throw new Error(`the attack tried nothing: ${stdout}`);
  return lines.filter((line) => line.startsWith('GOT THROUGH'));
}
