import { createCleanupStack } from '../cli/stack/cleanup.ts';
import { ownerUrlOf } from '../cli/stack/owner-url.ts';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import { observeMachine } from './measure/machine.ts';
import { measureLoad } from './run/load.ts';
import { type Followed, measureFollowed, printFollowed, reportFollowed } from './run/measure-followed.ts';
import { measurePairs, warmUp } from './run/measure-pairs.ts';
import { inputsOf, MODELS } from './run/models.ts';
import { openBareRunner } from './run/open-bare-runner.ts';
import { openTeam } from './run/open-teams.ts';
import { printMany, printModels, reportModels, reportRuns } from './run/report.ts';
import { openRivals } from './run/rivals.ts';
import { readInput } from './stack/bench-input.ts';

const FULL = { blocks: 10, pairsPerBlock: 10, paceMs: 2_000 } as const;
const QUICK = { blocks: 1, pairsPerBlock: 2, paceMs: 2_000 } as const;

/**
 * `./causeway bench run`: a run from an MCP client to its result, warm, beside `docker run`, `runsc run` and a bare process of
 * the same script; then many runs, and runs that move much.
 */
export async function run(given: object): Promise<void> {
  const { mcpUrl, state, json, quick } = readInput(given);
  const plan = quick ? QUICK : FULL;
  const cleanup = createCleanupStack();
  try {
    const place = { ownerUrl: await ownerUrlOf({ state }), mcpUrl, state };
    const { client, project, recorded } = await openTeam(place, cleanup);
    const bare = await openBareRunner(MODELS.flatMap(inputsOf));
    await cleanup.defer(bare.close);
    const rivals = await openRivals(bare, cleanup, (says) => printNote(`  ${says}`));
    const world = { client, rivals, recorded };
    const runs = plan.blocks * plan.pairsPerBlock;
    printNote(`Measuring ${runs} warm runs of each model, one every ${plan.paceMs / 1000} s.`);
    await warmUp(world, project, plan.paceMs);
    const observed = observeMachine();
    const followed: Followed[] = [];
    const onBlock = async (done: number): Promise<void> => {
      followed.push(
        ...(await measureFollowed(client, { project, runs: plan.pairsPerBlock, paceMs: plan.paceMs })),
      );
      printNote(`  block ${done} of ${plan.blocks}`);
    };
    const pairs = await measurePairs(world, { project, ...plan, onBlock });
    const models = reportModels(pairs);
    const first = reportFollowed(followed);
    // What took ten minutes is told when it is known, and not lost where somebody ends the rest.
    if (!json) printResult(`\n${printModels(models)}\n\n${printFollowed(first)}\n`);
    const load = await measureLoad(place, bare, quick, cleanup);
    const report = reportRuns(models, first, load, observed());
    if (json) printJson(report);
    else printResult(`\n${printMany(report)}`);
  } finally {
    await cleanup.run();
  }
}
