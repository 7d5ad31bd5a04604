import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { ERRORS } from '../../protocol/errors.ts';
import { envelope, type Refusal } from '../http/refusal.ts';

/**
 * A refusal where the protocol has no results with `isError`: as its error, with the envelope as data. A resource that is
 * not there has a form of its own (MCP 2026-07-28, resources): -32602 with nothing but its URI.
 */
export function protocolRefusal(
  refusal: Refusal,
  requestId: string,
  uri: string | null = null,
): ProtocolError {
  const says = [refusal.message, refusal.hint ?? ''].map(asSentence).join(' ').trim();
  if (refusal.code === 'not_found' && uri !== null) return new ResourceNotFoundError(uri, says);
  const code =
    ERRORS[refusal.code].status < 500 ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, says, envelope(refusal, requestId));
}

function asSentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}
