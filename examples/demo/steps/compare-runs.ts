import { comparisonReply } from '../replies.ts';
import type { DemoStep } from '../step.ts';

export const compareRuns: DemoStep = {
  name: 'compare_runs',
  title: 'compare_runs: the same model with other assumptions, and what they change',
  async run({ agent, screen, project, learned }) {
    const parameters = { growth: 0.08, seasonality: 1, price: { Aurora: 0.03 } };
    const second = await agent.runWell({ project, path: 'forecast.py', parameters, data: ['sales'] });
    const pair = { run_a: learned.firstForecast, run_b: second.run };
    const compared = await agent.call('compare_runs', pair, comparisonReply);
    screen.say(compared.summary);
    for (const change of compared.parameters) screen.say(`parameter ${change}`);
    const table = compared.tables.find(({ name }) => name === 'forecast.csv');
    if (table === undefined) throw new Error('the forecasts do not differ');
    screen.table(
      ['forecast.csv', 'sum before', 'sum after', 'change %'],
      table.columns.map(({ column, sum_a, sum_b }) => [
        column,
        Math.round(sum_a),
        Math.round(sum_b),
        Number((100 * (sum_b / sum_a - 1)).toFixed(1)),
      ]),
    );
  },
};
