import { z } from 'zod';
import { createCleanupStack } from '../cli/stack/cleanup.ts';
import { ownerUrlOf } from '../cli/stack/owner-url.ts';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import { observeMachine } from './measure/machine.ts';
import { measurePairs, warmUp } from './run/measure-pairs.ts';
import { MODELS, SALES, salesCsv } from './run/models.ts';
import { openColdRunner } from './run/open-cold-runner.ts';
import { openTimekeeper } from './run/open-timekeeper.ts';
import { printRuns, reportRuns } from './run/report.ts';
import { readInput } from './stack/bench-input.ts';
import { openBenchTenant } from './stack/bench-tenant.ts';
import { type BenchClient, openClient } from './stack/open-client.ts';

const FULL = { blocks: 6, pairsPerBlock: 5, paceMs: 2_000 } as const;
const QUICK = { blocks: 1, pairsPerBlock: 2, paceMs: 2_000 } as const;

/** `./causeway bench run`: a run from an MCP client to its result, warm, beside a cold `runsc run` of the same script. */
export async function run(given: object): Promise<void> {
  const { mcpUrl, state, json, quick } = readInput(given);
  const plan = quick ? QUICK : FULL;
  const cleanup = createCleanupStack();
  try {
    const tenant = await openBenchTenant(await ownerUrlOf({ state }), 1);
    await cleanup.defer(tenant.close);
    const cold = await openColdRunner();
    await cleanup.defer(cold.close);
    const client = await openClient(mcpUrl, tenant.tokens[0] ?? '');
    await cleanup.defer(client.close);
    const project = await prepareProject(client);
    const world = { client, cold, recorded: await openTimekeeper(state, tenant.tenant) };
    const runs = plan.blocks * plan.pairsPerBlock;
    printNote(`Measuring ${runs} warm runs of each model, one every ${plan.paceMs / 1000} s.`);
    await warmUp(world, project, plan.paceMs);
    const observed = observeMachine();
    const onBlock = (done: number) => printNote(`  block ${done} of ${plan.blocks}`);
    const report = reportRuns(await measurePairs(world, { project, ...plan, onBlock }), observed());
    if (json) printJson(report);
    else printResult(`\n${printRuns(report)}`);
  } finally {
    await cleanup.run();
  }
}

async function prepareProject(client: BenchClient): Promise<string> {
  const { project } = await client.call(
    'create_project',
    { name: 'bench' },
    z.object({ project: z.string() }),
  );
  const files = MODELS.map(({ path, source }) => ({ path, content: source }));
  await client.call(
    'write_files',
    { project, files, message: 'Add the models to measure' },
    z.looseObject({}),
  );
  await client.call(
    'import_data',
    { project, name: SALES, format: 'csv', text: salesCsv() },
    z.looseObject({}),
  );
  return project;
}
