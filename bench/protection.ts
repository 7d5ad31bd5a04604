import { z } from 'zod';
import { ownerUrlOf } from '../cli/stack/owner-url.ts';
import { workerSettings } from '../cli/stack/parts/worker-settings.ts';
import { readSecrets } from '../cli/stack/secrets.ts';
import { statePaths } from '../cli/stack/state-paths.ts';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import { observeMachine } from './measure/machine.ts';
import { measureCost } from './protection/measure-cost.ts';
import { measureEnvelopes } from './protection/measure-envelopes.ts';
import { measureNeighbour } from './protection/measure-neighbour.ts';
import { measureProving } from './protection/measure-proving.ts';
import { measureRows } from './protection/measure-rows.ts';
import { measureSealing } from './protection/measure-sealing.ts';
import { openScratchDatabase } from './protection/open-scratch-database.ts';
import { printCosts, printNeighbour, printProtection } from './protection/report.ts';
import { type BenchInput, readInput } from './stack/bench-input.ts';
import { type BenchTenant, openBenchTenant } from './stack/bench-tenant.ts';
import { openClient } from './stack/open-client.ts';
import { partOf, type RunningPart, runningParts } from './stack/running-parts.ts';

const FULL = {
  cost: { processes: 5, rounds: 12, durationMs: 500, warmUpMs: 4_000, count: { rounds: 3, requests: 400 } },
  neighbour: { rounds: 8, durationMs: 15_000 },
  envelopes: { rounds: 5, count: 5_000 },
  rows: { rows: 1_000_000, repeats: 2_000 },
  events: 100_000,
  exports: [100_000, 1_000_000],
  tokens: 64,
} as const;
const QUICK = {
  cost: { processes: 2, rounds: 1, durationMs: 300, warmUpMs: 300, count: { rounds: 1, requests: 20 } },
  neighbour: { rounds: 1, durationMs: 2_000 },
  envelopes: { rounds: 1, count: 500 },
  rows: { rows: 20_000, repeats: 100 },
  events: 2_000,
  exports: [2_000],
  tokens: 16,
} as const;
/** Each sends five times what it may. */
const LOUD_AGENTS = 2;
const FILE = 'forecast.py';

/** `./causeway bench protection`: what audit, masking, validation, limits, sealing and row security cost. */
export async function run(given: object): Promise<void> {
  const input = readInput(given);
  const plan = input.quick ? QUICK : FULL;
  const parts = await runningParts(input.state);
  const ownerUrl = await ownerUrlOf(input);
  const observed = observeMachine();
  const tenants: BenchTenant[] = [];
  const settle = async (tokens: number): Promise<BenchTenant> => {
    const tenant = await openBenchTenant(ownerUrl, tokens);
    tenants.push(tenant);
    return tenant;
  };
  try {
    printNote('The Worker beside builds of it that leave something out.');
    const costs = await costOfParts(input, parts, plan, await settle(plan.tokens));
    printNote(printCosts(costs));
    printNote('A tenant that sends five times its limit.');
    const { port } = partOf(parts, 'worker');
    const pair = { quiet: await settle(1), loud: await settle(LOUD_AGENTS) };
    const neighbour = await measureNeighbour(port, pair, plan.neighbour);
    printNote(printNeighbour(neighbour));
    const report = {
      bench: 'protection',
      costs,
      neighbour,
      ...(await measureData(plan)),
      machine: observed(),
    } as const;
    if (input.json) printJson(report);
    else printResult(`\n${printProtection(report)}`);
  } finally {
    for (const tenant of tenants) await tenant.close();
  }
}

async function costOfParts(
  { state, mcpUrl, issuer }: BenchInput,
  parts: ReadonlyMap<string, RunningPart>,
  { cost }: typeof FULL | typeof QUICK,
  tenant: BenchTenant,
) {
  const secrets = readSecrets(statePaths(state));
  if (secrets === null) throw new Error('a running stack has secrets');
  const postgres = partOf(parts, 'postgres');
  const postgresHttp = partOf(parts, 'postgres-http');
  const settings = workerSettings(
    // As behind an edge that vouches for addresses, so that they are counted.
    {
      publicUrl: issuer,
      postgresPort: postgres.port,
      postgresHttpPort: postgresHttp.port,
      edge: 'cloudflare',
      settings: {},
    },
    secrets,
  );
  return measureCost({
    plan: cost,
    tenant,
    settings,
    blobsDir: statePaths(state).blobs,
    file: await writeFile(mcpUrl, tenant.tokens[0] ?? ''),
    databases: { postgresHttpPid: postgresHttp.pid, postgresPid: postgres.pid },
    onRound: (done) => printNote(`  round ${done} of ${cost.rounds}`),
    onCounting: () => printNote('  counting instructions, where perf can'),
  });
}

/** A file of some kilobytes to be read. */
async function writeFile(mcpUrl: string, token: string) {
  const client = await openClient(mcpUrl, token);
  try {
    const { project } = await client.call(
      'create_project',
      { name: 'Protection' },
      z.object({ project: z.string() }),
    );
    const content = 'total = sum(range(100))  # a line of a model\n'.repeat(100);
    await client.call(
      'write_files',
      { project, files: [{ path: FILE, content }], message: 'Begin' },
      z.object({}),
    );
    return { project, path: FILE };
  } finally {
    await client.close();
  }
}

async function measureData({ events, exports, envelopes, rows }: typeof FULL | typeof QUICK) {
  const database = await openScratchDatabase();
  try {
    printNote(`Sealing ${events} events, and one row of ${rows.rows}.`);
    const sealing = await measureSealing(database, events);
    const read = await measureRows(database, rows);
    printNote(`Exports of ${exports.join(' and ')} entries.`);
    const proving = await measureProving(exports);
    return { sealing, proving, envelopes: await measureEnvelopes(envelopes), rows: read };
  } finally {
    await database.stop();
  }
}
