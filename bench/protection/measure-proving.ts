import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { peakMibOf } from '../measure/resident-memory.ts';
import { writeLargeExport } from './write-large-export.ts';

/** `./causeway audit verify` over one export. */
export interface Proving {
  readonly entries: number;
  readonly megabytes: number;
  readonly seconds: number;
  readonly entriesPerSecond: number;
  readonly peakMib: number;
}

const LOOK_EVERY_MS = 50;
/** An export of any size is proven within it, or the command dies. */
const HEAP_MIB_MAX = 64;

/** Proves exports of growing size by the command itself, each in a process of its own. */
export async function measureProving(sizes: readonly number[]): Promise<readonly Proving[]> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-export-'));
  try {
    const proven: Proving[] = [];
    for (const entries of sizes) {
      const file = join(folder, `${entries}.jsonl`);
      const key = await writeLargeExport(file, entries);
      proven.push(await prove(file, key, entries));
      rmSync(file);
    }
    return proven;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prove(file: string, key: string, entries: number): Promise<Proving> {
  const startedMs = performance.now();
  const command = spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MIB_MAX}`,
      join(ROOT_DIR, 'cli/main.ts'),
      'audit',
      'verify',
      file,
      '--key',
      key,
      '--json',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  let peakMib = 0;
  const look = setInterval(() => {
    peakMib = Math.max(peakMib, peakMibOf(command.pid ?? 0) ?? 0);
  }, LOOK_EVERY_MS);
  const [code] = (await once(command, 'exit').finally(() => clearInterval(look))) as [number];
  if (code !== 0) throw new Error(`audit verify ended with ${code}`);
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    ...{ entries, megabytes: Math.round(statSync(file).size / 1e6), seconds, peakMib },
    entriesPerSecond: Math.round(entries / seconds),
  };
}
