import { whoamiReply } from '../replies.ts';
import type { DemoStep } from '../step.ts';

const SHOWN = ['numpy', 'pandas', 'pyarrow', 'duckdb', 'polars', 'scipy', 'statsmodels', 'matplotlib'];

export const whoami: DemoStep = {
  name: 'whoami',
  title: 'whoami: for whom the agent acts, and what the sandbox offers',
  async run({ agent, screen, learned }) {
    const me = await agent.call('whoami', {}, whoamiReply);
    learned.tenant = me.tenant.id;
    screen.say(`${me.user?.name ?? 'nobody'} <${me.user?.email ?? ''}>, ${me.role} of ${me.tenant.name}`);
    screen.say(`MCP ${agent.client.revision}, ${(await agent.client.listTools()).length} tools`);
    const { sandbox } = me;
    if (sandbox === null) throw new Error('no executor has joined, so nothing can run');
    learned.absent = sandbox.absent;
    learned.sandbox = { engine: sandbox.engine, image: sandbox.image };
    screen.say(`sandbox: ${sandbox.engine}, Python ${sandbox.python}, image ${sandbox.image.slice(0, 19)}…`);
    const shown = SHOWN.filter((name) => sandbox.packages[name] !== undefined);
    screen.say(shown.map((name) => `${name} ${sandbox.packages[name]}`).join(', '));
    if (sandbox.absent.length > 0) screen.say(`absent here: ${sandbox.absent.join(', ')}`);
  },
};
