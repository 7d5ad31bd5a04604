import { comparisonReply } from '../replies.ts';
import { saveImage } from '../save-image.ts';
import { showTable } from '../show-table.ts';
import type { DemoStep } from '../step.ts';

export const valuation: DemoStep = {
  name: 'fixed_seed',
  title: 'fixed seed: a Monte Carlo valuation, twice, with the same result',
  async run({ agent, screen, project, outputsFolder }) {
    const start = { project, path: 'valuation.py', parameters: { draws: 20_000 }, data: [] };
    const first = await agent.runWell(start);
    showTable(screen, await agent.table(first.run, 'percentiles.csv'));
    const chart = await agent.image(first.run, 'valuation.png');
    screen.say(`chart: ${saveImage(outputsFolder, 'valuation.png', chart)}`);

    const second = await agent.runWell(start);
    const pair = { run_a: first.run, run_b: second.run };
    const compared = await agent.call('compare_runs', pair, comparisonReply);
    screen.say(compared.summary);
    if (!compared.same_inputs || !compared.same_outputs)
      throw new Error('two runs of the same inputs differ');
  },
};
