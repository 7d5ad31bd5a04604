import type { Result } from '@modelcontextprotocol/server';
import { utf8 } from '../blobs/sha256.ts';

/**
 * How many bytes an answer holds: of a tool its JSON and what content it has beside that, of a resource or prompt its texts
 * and data, of anything else its JSON. Texts are measured as they are: the SDK serialises the result, once is enough.
 */
export function bytesAnswered(result: Result): number {
  const { content, contents, messages } = result as Readonly<Record<string, unknown>>;
  const parts = content ?? contents ?? messages;
  if (!Array.isArray(parts)) return bytesOf(JSON.stringify(result));
  return parts.reduce((sum: number, part: object) => sum + bytesOfPart(part), 0);
}

/** Of a part of an answer, or of a message with one part. */
function bytesOfPart(part: object): number {
  const { text, data, blob, content } = part as Readonly<Record<string, unknown>>;
  const held = text ?? data ?? blob;
  if (typeof held === 'string') return bytesOf(held);
  return typeof content === 'object' && content !== null
    ? bytesOfPart(content)
    : bytesOf(JSON.stringify(part));
}

const bytesOf = (text: string): number => utf8(text).byteLength;
