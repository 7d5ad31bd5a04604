import { projectReply } from '../replies.ts';
import type { DemoStep } from '../step.ts';

export const createProject: DemoStep = {
  name: 'create_project',
  title: 'create_project: a versioned folder',
  async run({ agent, screen, project }) {
    const description = 'What ./causeway demo shows';
    const made = await agent.call('create_project', { name: project, description }, projectReply);
    screen.say(`${project}  ${made.project}`);
  },
};
