import type { ServerContext } from '@modelcontextprotocol/server';
import type { McpCall } from './mcp-call.ts';
import { sessionObject } from './session/session-object.ts';
import type { ToolContext } from './tool.ts';

const LOGGER = 'causeway';

/**
 * Tells a client what its call does (`notifications/message`), if it asked for that: with the request itself in the
 * revision of 2026, by `logging/setLevel` in its session before. From which level on, is the transport's to judge.
 */
export function logChannel(
  { platform, session }: McpCall,
  { mcpReq }: Pick<ServerContext, 'mcpReq'>,
): ToolContext['log'] {
  let asked: Promise<boolean> | undefined;
  const hasAsked = async () => {
    if (mcpReq.envelope !== undefined) return true;
    return session !== null && (await sessionObject(platform.env, session).level()) !== null;
  };
  return async (level, data) => {
    // An object that is just being evicted costs a log, and not the call.
    asked ??= hasAsked().catch(() => false);
    if (await asked) await mcpReq.log(level, data, LOGGER);
  };
}
