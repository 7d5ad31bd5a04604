import { MODELS, type ModelPath, modelText } from '../files.ts';
import { commitReply } from '../replies.ts';
import type { DemoStep } from '../step.ts';

export const commitFiles: DemoStep = {
  name: 'write_files',
  title: 'write_files: the models, in one atomic commit',
  async run({ agent, screen, project }) {
    const paths = Object.keys(MODELS) as ModelPath[];
    const made = await agent.call(
      'write_files',
      {
        project,
        files: paths.map((path) => ({ path, content: modelText(path) })),
        message: 'Add the models of the demo',
      },
      commitReply,
    );
    screen.say(`commit ${made.commit.slice(0, 12)}: ${made.changes.map(({ path }) => path).join(', ')}`);
    const forecast = modelText('forecast.py');
    const from = forecast.split('\n').findIndex((line) => line.startsWith('def forecast_revenue')) + 1;
    screen.code('forecast.py', forecast, { from, to: from + 9 });
  },
};
