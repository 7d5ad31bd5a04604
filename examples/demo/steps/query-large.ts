import { showTable } from '../show-table.ts';
import type { DemoStep } from '../step.ts';

export const queryLarge: DemoStep = {
  name: 'large_data',
  title: 'large data: SQL over three million flights, and forty years of federal receipts',
  async run({ agent, screen, project, learned }) {
    const lacks = ['pyarrow', 'duckdb'].filter((name) => learned.absent?.includes(name));
    if (lacks.length > 0) screen.say(`flights are left out: the image lacks ${lacks.join(' and ')}`);
    else {
      const flights = { project, path: 'delays.py', parameters: { routes: 5 }, data: ['flights'] };
      showTable(screen, await agent.table((await agent.runWell(flights)).run, 'late_routes.csv'));
      screen.say('');
    }
    const receipts = { project, path: 'receipts.py', data: ['budget'] };
    showTable(screen, await agent.table((await agent.runWell(receipts)).run, 'growth.csv'));
  },
};
