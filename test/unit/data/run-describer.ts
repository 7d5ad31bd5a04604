import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataFormat } from '../../../protocol/manifest.ts';
import { bundlePython } from '../../../worker/data/bundle-python.ts';
import { type Description, type Inspected, parseInspection } from '../../../worker/data/description.ts';

const FOLDER = new URL('../../../worker/data/describe/', import.meta.url);
const ORDER = [
  'faults',
  'cells',
  'names',
  'column',
  'classify_cells',
  'text_lines',
  'delimited',
  'json_lines',
  'parquet',
  'describe',
];
const MODULES = Object.fromEntries(
  ORDER.map((name) => [name, readFileSync(new URL(`${name}.py`, FOLDER), 'utf8')]),
);

export interface Input {
  readonly format: DataFormat;
  readonly data: string | Uint8Array;
}

/**
 * Runs the describing script of the sandbox on this machine's own Python: one process, a folder for each input.
 * `before` is Python that runs first.
 */
export function describeAll(inputs: readonly Input[], before = ''): readonly Inspected[] {
  const root = mkdtempSync(join(tmpdir(), 'causeway-describe-'));
  try {
    const folders = inputs.map(({ format, data }, index) => {
      const folder = join(root, String(index));
      mkdirSync(join(folder, 'data', 'sales'), { recursive: true });
      mkdirSync(join(folder, 'outputs'));
      writeFileSync(join(folder, 'data', 'sales', `data.${format}`), data);
      return folder;
    });
    const entry = `${before}
import describe

for folder in ${JSON.stringify(folders)}:
    describe.run(f"{folder}/data", f"{folder}/outputs")`;
    execFileSync('python3', ['-I', '-'], {
      input: bundlePython(MODULES, entry),
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    return folders.map((folder) => {
      const inspected = parseInspection(readFileSync(join(folder, 'outputs', 'description.json'), 'utf8'));
      if (inspected === null) throw new Error('the answer of the script has not its form');
      return inspected;
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

export function descriptionOf(format: DataFormat, data: string | Uint8Array): Description {
  const [inspected] = describeAll([{ format, data }]);
  if (inspected?.ok !== true) throw new Error(`refused: ${JSON.stringify(inspected?.fault)}`);
  return inspected.description;
}
