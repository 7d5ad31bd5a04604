import { McpSession as ProductSession } from '../mcp/session/mcp-session.ts';

/** The product's object, which can be told to lose its memory: an eviction cannot be waited for while a stream is open. */
export class McpSession extends ProductSession {
  evict(): void {
    this.ctx.abort('evicted');
  }
}
