import type { DemoStep } from '../step.ts';

export const tryToEscape: DemoStep = {
  name: 'isolation',
  title: 'isolation: a model that tries the network, the files and the environment, and what it met',
  async run({ agent, screen, project }) {
    const run = await agent.runWell({ project, path: 'escape.py', data: ['sales'] });
    const { rows } = await agent.table(run.run, 'attempts.csv');
    screen.table(
      ['it tried to', 'and met'],
      rows.map(([attempt, , met]) => [String(attempt), String(met)]),
    );
    const through = rows.filter(([, gotThrough]) => gotThrough !== 'no');
    if (rows.length === 0) throw new Error('the model made no attempt');
    if (through.length > 0) {
      throw new Error(
        `the sandbox let through: ${through.map(([attempt, , met]) => `${attempt} (${met})`).join('; ')}`,
      );
    }
    screen.say(`${rows.length} attempts, none got through`);
  },
};
