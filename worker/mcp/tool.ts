import type { ContentBlock, InputRequiredResult, ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Call } from '../http/call.ts';
import type { Caller } from '../runs/caller.ts';
import type { Needs } from '../tenants/principal.ts';
import type { Confirm } from './confirm/confirm.ts';
import type { Level } from './session/logging.ts';
import type { Session } from './session/session-id.ts';

/** What a tool's handler reaches. */
export interface ToolContext extends Caller {
  readonly call: Call;
  /** The session of the 2025 era in which the call came; null where there is none. */
  readonly session: Session | null;
  /** The protocol's own view of the request, for what has no channel below. */
  readonly request: ServerContext['mcpReq'];
  readonly log: (level: Level, data: Readonly<Record<string, string>>) => Promise<void>;
}

/** What a tool's handler reaches beside: it can ask before something dangerous. */
export interface CallContext extends ToolContext {
  readonly confirm: Confirm;
  /** Seals what this call wants to find as `request.requestState()` when the client makes it again with more input. */
  readonly sealState: (payload: unknown) => Promise<string>;
}

/** What a tool answers: its structured result, and blocks beside it (an image) where there are any. */
export interface ToolAnswer<Output> {
  readonly structured: Output;
  readonly content?: readonly ContentBlock[];
}

/**
 * A tool as data: what an agent reads of it, what it needs of the credential, and its handler. The handler's first act
 * on the outside is to enter the tenant (`withTenant`), which proves the credential alive.
 */
export interface Tool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** Written for an agent that sees nothing else: what it does, when to use it, what comes back. */
  readonly description: string;
  readonly input: Input;
  readonly output: Output;
  readonly needs: Needs;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
  };
  /**
   * What a call may do that a person is asked about first ({@link CallContext.confirm}); absent where it does nothing of
   * the kind. Such a tool takes `confirmation` as well.
   */
  readonly danger?: string;
  /** May ask the client for input before it answers; the client then calls again, with what was asked for. */
  readonly run: (
    input: z.output<Input>,
    context: CallContext,
  ) => Promise<ToolAnswer<z.input<Output>> | InputRequiredResult>;
}

/** Fixes a tool's types; the list of tools holds it without them. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output>,
): Tool {
  const input = tool.danger === undefined ? tool.input : tool.input.extend({ confirmation });
  return { ...tool, input } as unknown as Tool;
}

const confirmation = z.string().max(2000).optional().describe('From the refusal that asked for it');

/** Annotations of a tool that changes nothing. */
export const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true } as const;
/** Annotations of a tool that adds and never destroys. */
export const ADDS = { readOnlyHint: false, destructiveHint: false, idempotentHint: false } as const;
