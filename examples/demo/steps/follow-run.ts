import { saveImage } from '../save-image.ts';
import type { DemoStep } from '../step.ts';

export const followRun: DemoStep = {
  name: 'progress',
  title: 'progress: a statistical forecast of US employment, followed live, and its chart',
  async run({ agent, screen, project, outputsFolder }) {
    let seen = 0;
    const start = { project, path: 'trend.py', parameters: { since: '2010-01-01' }, data: ['employment'] };
    const run = await agent.runWell(start, ({ progress, total, message }) => {
      seen++;
      screen.live(`${progress}${total === undefined ? '' : `/${total}`} ${message ?? ''}`);
    });
    screen.say(run.stdout.text.trimEnd());
    screen.say(`${seen} progress notifications`);
    const chart = await agent.image(run.run, 'trend.png');
    screen.say(`chart: ${saveImage(outputsFolder, 'employment-trend.png', chart)}`);
  },
};
