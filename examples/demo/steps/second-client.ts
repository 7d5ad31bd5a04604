import { whoamiReply } from '../replies.ts';
import { showTable } from '../show-table.ts';
import type { DemoStep } from '../step.ts';

/** The shorter pass, by a client of the revision before: the context's agent is of that client. */
export const secondClient: DemoStep = {
  name: 'second_client',
  title: 'a client of the revision before does the same',
  async run({ agent, screen, project }) {
    const me = await agent.call('whoami', {}, whoamiReply);
    const tools = await agent.client.listTools();
    screen.say(`MCP ${agent.client.revision} for ${me.user?.name ?? 'nobody'}, ${tools.length} tools`);
    let seen = 0;
    const start = { project, path: 'trend.py', parameters: { series: 'construction' }, data: ['employment'] };
    const run = await agent.runWell(start, ({ message }) => {
      seen++;
      screen.live(message ?? '');
    });
    screen.say(`${run.stdout.text.trimEnd()}\n${seen} progress notifications`);
    const { kind, columns, rows } = await agent.table(run.run, 'forecast.csv');
    showTable(screen, { kind, columns, rows: rows.slice(0, 3) });
    const { bytes, mediaType } = await agent.image(run.run, 'trend.png');
    screen.say(`chart: ${mediaType}, ${Math.round(bytes.byteLength / 1000)} kB`);
  },
};
