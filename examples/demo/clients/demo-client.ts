/** The MCP clients that the demo drives: one of today's revision, one of yesterday's, behind one face. */
export interface DemoClient {
  /** The protocol revision that was agreed with the server. */
  readonly revision: string;
  readonly listTools: () => Promise<readonly string[]>;
  readonly callTool: (
    name: string,
    input: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ) => Promise<RawReply>;
  readonly close: () => Promise<void>;
}

export interface CallOptions {
  /** The whole time that a call may take; progress does not extend it. */
  readonly timeoutMs: number;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** The parts of a tool's result that the demo looks at, as both SDKs give them. */
export interface RawReply {
  readonly isError?: boolean | undefined;
  readonly structuredContent?: unknown;
  readonly content: readonly RawBlock[];
}

export interface RawBlock {
  readonly type: string;
  readonly text?: string;
  readonly data?: string;
  readonly mimeType?: string;
}

export const CLIENT_INFO = { name: 'causeway-demo', version: '0.1.0' } as const;

/** How a client reaches the server. */
export interface Endpoint {
  readonly mcpUrl: string;
  readonly apiToken: string;
}

export function authorization({ apiToken }: Endpoint): RequestInit {
  return { headers: { authorization: `Bearer ${apiToken}` } };
}
