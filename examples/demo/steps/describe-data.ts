import { dataReply } from '../replies.ts';
import type { DemoStep } from '../step.ts';

export const describeData: DemoStep = {
  name: 'describe_data',
  title: 'describe_data: what an agent reads before it writes code',
  async run({ agent, screen, project, learned }) {
    const name = learned.absent?.includes('pyarrow') ? 'sales' : 'flights';
    const data = await agent.call('describe_data', { project, name }, dataReply);
    screen.table(
      ['column', 'type', 'missing', 'least', 'greatest'],
      data.columns.map(({ name, type, nulls, min, max }) => [
        name,
        type,
        nulls,
        `${min ?? ''}`,
        `${max ?? ''}`,
      ]),
    );
    screen.say('');
    screen.table(
      data.columns.map(({ name }) => name),
      data.sample.slice(0, 3).map((row) => row.map((cell) => cell ?? '(missing)')),
    );
  },
};
