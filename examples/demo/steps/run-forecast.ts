import { showTable } from '../show-table.ts';
import type { DemoStep } from '../step.ts';

export const runForecast: DemoStep = {
  name: 'run_model',
  title: 'run_model: a twelve-month forecast for three products, and its output as a table',
  async run({ agent, screen, project, learned }) {
    const since = performance.now();
    const parameters = { growth: 0.05, seasonality: 1 };
    const run = await agent.runWell({ project, path: 'forecast.py', parameters, data: ['sales'] });
    learned.firstForecast = run.run;
    screen.say(
      `${run.run} ${run.state} in ${Math.round(performance.now() - since)} ms, as the client sees it`,
    );
    showTable(screen, await agent.table(run.run, 'forecast.csv'));
    screen.say('');
    showTable(screen, await agent.table(run.run, 'summary.csv'));
  },
};
