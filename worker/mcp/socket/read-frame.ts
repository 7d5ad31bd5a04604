import { encodeBase64 } from '../../blobs/base64.ts';
import { parseMessage } from '../parse-message.ts';

/** A message as it came over a socket, with what the headers of the same message by POST would say. */
export interface Frame {
  /** The id of a request; null for a notification, an answer, or what cannot be read. */
  readonly requestId: string | number | null;
  /** What an answer answers; undefined for anything else. */
  readonly answerTo?: unknown;
  readonly method: string | null;
  readonly params: Readonly<Record<string, unknown>>;
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
const UNREADABLE: Frame = { requestId: null, method: null, params: {}, headers: {}, isModern: false };

/** Reads as much of a message as must be known to send it on. What is wrong with it is said by who is sent it. */
export function readFrame(bytes: Uint8Array): Frame {
  try {
    const { method, params, body } = parseMessage(bytes);
    const { id } = body as { id?: unknown };
    const fields = isRecord(params) ? params : {};
    const meta = isRecord(fields._meta) ? fields._meta : {};
    const version = meta[VERSION_KEY];
    return {
      ...(method === null ? { answerTo: id } : {}),
      requestId: method !== null && (typeof id === 'string' || typeof id === 'number') ? id : null,
      method,
      params: fields,
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
