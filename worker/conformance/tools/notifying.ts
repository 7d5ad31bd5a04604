import type { Tool } from '../../mcp/tool.ts';
import { fixture, NOTHING, text } from './fixture.ts';

/** The suite wants to see that messages arrive one by one. */
const PAUSE_MS = 50;

/** Tools that tell the client something before they answer. */
export const NOTIFYING_TOOLS: readonly Tool[] = [
  fixture({
    name: 'test_tool_with_progress',
    description: 'Reports progress three times.',
    input: NOTHING,
    async run(_given, { progress }) {
      await progress(0, 100, 'started');
      await scheduler.wait(PAUSE_MS);
      await progress(50, 100, 'half');
      await scheduler.wait(PAUSE_MS);
      await progress(100, 100, 'done');
      return [text('Progress was reported.')];
    },
  }),
  // The suite listens to the second for half a second, so that one does not pause.
  ...(
    [
      ['test_tool_with_logging', PAUSE_MS],
      ['test_logging_tool', 0],
    ] as const
  ).map(([name, pauseMs]) =>
    fixture({
      name,
      description: 'Logs three messages, to a client that asked for logs.',
      input: NOTHING,
      async run(_given, { request }) {
        await request.log('info', 'Tool execution started');
        await scheduler.wait(pauseMs);
        await request.log('info', 'Tool processing data');
        await scheduler.wait(pauseMs);
        await request.log('info', 'Tool execution completed');
        return [text('Messages were logged.')];
      },
    }),
  ),
];
