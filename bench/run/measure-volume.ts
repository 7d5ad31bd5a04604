import { z } from 'zod';
import { rounded } from '../measure/quantiles.ts';
import { watchMemory } from '../measure/resident-memory.ts';
import type { Team } from './open-teams.ts';

const MIB = 2 ** 20;
const DATA_MIB = 100;
const OUTPUTS_MIB = 64;
const STDOUT_MIB = 500;

const FILES = {
  'flood.py': `import sys
line = "x" * 1023 + "\\n"
for _ in range(${STDOUT_MIB} * 1024): sys.stdout.write(line)
`,
  'outputs.py': `import os
block = os.urandom(1 << 20)
for number in range(4):
    with open(f"/outputs/{number}.bin", "wb") as file:
        for _ in range(${OUTPUTS_MIB / 4}): file.write(bytes([number]) + block[1:])
`,
  'read.py': `total = 0
with open("/data/large/data.csv", "rb") as file:
    while block := file.read(1 << 20): total += len(block)
print(total)
`,
};

export interface Volume {
  readonly what: string;
  readonly state: string;
  /** What of it went through. */
  readonly mib: number;
  readonly mibPerSecond: number;
  /** What the executor's daemon held at most. */
  readonly peakMib: number;
}

const ended = z.object({ state: z.string(), stdout: z.object({ bytes: z.number() }) });

/** Runs that move much: how fast, and what the executor's daemon holds meanwhile. */
export async function measureVolume(team: Team, executorPid: number): Promise<Volume[]> {
  const { client, project } = team;
  const files = Object.entries(FILES).map(([path, content]) => ({ path, content }));
  await client.call('write_files', { project, files, message: 'Add what moves much' }, z.looseObject({}));
  await importLargeData(team);
  const measured: Volume[] = [];
  const plan = [
    { what: `${STDOUT_MIB} MiB of stdout`, path: 'flood.py', data: [], mib: null },
    { what: `${OUTPUTS_MIB} MiB of outputs`, path: 'outputs.py', data: [], mib: OUTPUTS_MIB },
    { what: `${DATA_MIB} MiB of data`, path: 'read.py', data: ['large'], mib: DATA_MIB },
    { what: `${DATA_MIB} MiB of data, again`, path: 'read.py', data: ['large'], mib: DATA_MIB },
  ];
  for (const { what, path, data, mib } of plan) {
    const sinceMs = performance.now();
    const { result, peakMib } = await watchMemory(executorPid, () =>
      client.call('run_model', { project, path, data }, ended),
    );
    const moved = mib ?? result.stdout.bytes / MIB;
    measured.push({
      what,
      state: result.state,
      mib: rounded(moved),
      mibPerSecond: rounded(moved / ((performance.now() - sinceMs) / 1000)),
      peakMib,
    });
  }
  return measured;
}

async function importLargeData({ client, project }: Team): Promise<void> {
  const columns = [1, 2, 3, 4, 5, 6, 7, 8];
  const heads = `${columns.map((column) => `column${column}`).join(',')}\n`;
  const line = `${columns.map((column) => 1_000_000 + column).join(',')}\n`;
  // Head and lines are equally long, so the size is exact.
  const text = `${heads}${line.repeat((DATA_MIB * MIB) / line.length - 1)}`;
  const about = { project, name: 'large', format: 'csv' };
  const { upload, url } = await client.call(
    'create_upload',
    { ...about, bytes: text.length },
    z.object({ upload: z.string(), url: z.string() }),
  );
  const put = await fetch(url, { method: 'PUT', body: text });
  if (put.status !== 201) throw new Error(`the upload was answered by ${put.status}: ${await put.text()}`);
  await client.call('import_data', { ...about, upload }, z.looseObject({}));
}
