import { newId } from '../../../protocol/ids.ts';
import type { Tool } from '../../mcp/tool.ts';
import { fixture, NOTHING, text } from './fixture.ts';

/** More than a subscriber's list of changes holds: it is told that anything may have changed, lists of tools included. */
const PATHS = Array.from({ length: 1_001 }, (_, index) => `file-${index}.py`);

/** Tools that make a change, for those who watch. */
export const CHANGING_TOOLS: readonly Tool[] = [
  fixture({
    name: 'test_trigger_tool_change',
    description: 'Says to those who watch that anything may have changed.',
    input: NOTHING,
    async run(_given, { platform, principal }) {
      platform.publish(principal.tenantId, {
        kind: 'files',
        project: newId('project'),
        paths: PATHS,
        listed: false,
      });
      return [text('Those who watch are told.')];
    },
  }),
];
