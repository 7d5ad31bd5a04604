import { sessionObject } from '../../mcp/session/session-object.ts';
import type { Tool } from '../../mcp/tool.ts';
import type { McpSession } from '../evictable-session.ts';
import { fixture, NOTHING, text } from './fixture.ts';

/** Not of the suite: what our own tests do to a session's object. */
export const EVICTING_TOOLS: readonly Tool[] = [
  fixture({
    name: 'test_evict_session',
    description: 'Evicts the object of the session in which it is called.',
    input: NOTHING,
    async run(_given, { platform, session }) {
      if (session === null) return [text('There is no session.')];
      const object = sessionObject(platform.env, session) as unknown as DurableObjectStub<McpSession>;
      // The call ends with the object that it ends.
      await object.evict().catch(() => {});
      return [text('Its object was evicted.')];
    },
  }),
];
