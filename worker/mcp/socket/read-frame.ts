import { encodeBase64 } from '../../blobs/base64.ts';
import { parseMessage } from '../parse-message.ts';

/** A message as it came over a socket, with what the headers of the same message by POST would say. */
export interface Frame {
  /** The id of a request; null where there is none, or none that an answer could carry. */
  readonly requestId: string | number | null;
  /** True where nobody answers it. */
  readonly isNotification: boolean;
  /** What an answer answers; undefined for anything else. */
  readonly answerTo?: unknown;
  /** The id of the request that it cancels; undefined for anything else. */
  readonly cancels?: unknown;
  readonly method: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** True where it belongs to the 2026 era, which has no sessions. */
  readonly isModern: boolean;
}

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
/** What `Mcp-Name` repeats (MCP 2026-07-28, Streamable HTTP, "Standard Headers"). */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};
const UNREADABLE: Frame = {
  requestId: null,
  isNotification: false,
  method: null,
  headers: {},
  isModern: false,
};

/** Reads as much of a message as must be known to send it on. What is wrong with it is said by who is sent it. */
export function readFrame(text: string): Frame {
  try {
    const { method, params, body } = parseMessage(text);
    const { id } = body as { id?: unknown };
    const fields = isRecord(params) ? params : {};
    const meta = isRecord(fields._meta) ? fields._meta : {};
    const version = meta[VERSION_KEY];
    return {
      ...(method === null ? { answerTo: id } : {}),
      ...(method === 'notifications/cancelled' ? { cancels: fields.requestId } : {}),
      requestId: method !== null && (typeof id === 'string' || typeof id === 'number') ? id : null,
      isNotification: method !== null && !Object.hasOwn(body, 'id'),
      method,
      isModern: version !== undefined,
      headers: typeof version === 'string' && method !== null ? standardHeaders(version, method, fields) : {},
    };
  } catch {
    return UNREADABLE;
  }
}

function standardHeaders(version: string, method: string, params: Record<string, unknown>) {
  const name = params[NAMED_BY[method] ?? ''];
  return {
    'mcp-protocol-version': headerValue(version),
    'mcp-method': headerValue(method),
    ...(typeof name === 'string' ? { 'mcp-name': headerValue(name) } : {}),
  };
}

/** Text as a header carries it (there, "Value Encoding"). */
function headerValue(text: string): string {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?')) return text;
  return `=?base64?${encodeBase64(new TextEncoder().encode(text))}?=`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
