import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { type BareWorker, startBareWorker } from '../bare/start-bare-worker.ts';
import type { Part } from './parts.ts';

const SOURCES = ['worker', 'protocol', 'wrangler.toml', 'package.json'];
const DURABLE_OBJECTS = {
  TENANT_GATE: 'TenantGate',
  ADDRESS_GATE: 'AddressGate',
  EXECUTOR_POOL: 'ExecutorPool',
  RUN_FEED: 'RunFeed',
  MCP_SESSION: 'McpSession',
  MCP_SOCKET: 'McpSocket',
};

/** Starts the Worker as it is deployed, but for some parts, which are cut out of a copy of its sources. */
export async function startWithout(
  parts: readonly Part[],
  settings: Readonly<Record<string, string>>,
  blobsDir: string,
): Promise<BareWorker> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-without-'));
  try {
    for (const source of SOURCES) cpSync(join(ROOT_DIR, source), join(folder, source), { recursive: true });
    symlinkSync(join(ROOT_DIR, 'node_modules'), join(folder, 'node_modules'));
    for (const { file, from, to } of parts.flatMap(({ edits }) => edits)) {
      const source = readFileSync(join(folder, file), 'utf8');
      if (source.split(from).length !== 2)
        throw new Error(`${file} does not hold this once, which bench/protection/parts.ts cuts out: ${from}`);
      writeFileSync(
        join(folder, file),
        source.replace(from, () => to),
      );
    }
    return await startBareWorker({
      folder,
      answersAt: '/healthz',
      settings,
      blobsDir,
      durableObjects: DURABLE_OBJECTS,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
