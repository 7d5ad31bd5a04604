import { modelText } from '../files.ts';
import { commitReply } from '../replies.ts';
import { showTable } from '../show-table.ts';
import type { DemoStep } from '../step.ts';

const WRONG = '[["units", "revenue"]]';
const RIGHT = '[["units", "revenue_eur"]]';

export const fixBug: DemoStep = {
  name: 'edit_file',
  title: 'edit_file: a bug reaches the agent with the line of its own file; the fix, and the rerun',
  async run({ agent, screen, project }) {
    const start = { project, path: 'margin.py', data: ['sales'] };
    const failed = await agent.run(start);
    const { error } = failed;
    if (failed.state !== 'failed' || error === null)
      throw new Error(`the bug did not show: ${failed.message}`);
    if (error.path !== 'margin.py' || error.line === null) {
      throw new Error(`the error does not name the line of margin.py: ${JSON.stringify(error)}`);
    }
    screen.say(failed.message);
    screen.say(ownFrames(failed.stderr.text));
    screen.code(
      'margin.py',
      modelText('margin.py'),
      { from: error.line - 1, to: error.line + 1 },
      error.line,
    );

    const edit = {
      project,
      path: 'margin.py',
      old_text: WRONG,
      new_text: RIGHT,
      message: 'Sum the column that exists',
    };
    const { commit } = await agent.call('edit_file', edit, commitReply);
    screen.say(`fixed in commit ${commit.slice(0, 12)}: ${WRONG} → ${RIGHT}`);
    const fixed = await agent.runWell(start);
    showTable(screen, await agent.table(fixed.run, 'margin.csv'));
  },
};

/** Of a traceback: its head, the frames in files of the project, and the exception. */
function ownFrames(traceback: string): string {
  const lines = traceback.trimEnd().split('\n');
  const frames = lines.flatMap((line, index) =>
    line.trimStart().startsWith('File "/repo/') ? [line, lines[index + 1] ?? ''] : [],
  );
  return [lines[0] ?? '', ...frames, lines.at(-1) ?? ''].join('\n');
}
