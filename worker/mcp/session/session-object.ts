import type { Env } from '../../env.ts';
import type { McpSession } from './mcp-session.ts';

export type SessionObject = DurableObjectStub<McpSession>;

/** The object of the session with this id. Making the stub makes no object; calling it does. */
export function sessionObject(env: Env, session: { readonly id: string }): SessionObject {
  return env.MCP_SESSION.get(env.MCP_SESSION.idFromName(session.id));
}
