import { ERRORS } from '../../protocol/errors.ts';
import { envelope, type Refusal } from '../http/refusal.ts';
import { NotAMessage } from './parse-message.ts';

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
/** Of the range that JSON-RPC leaves to servers. */
const SERVER_ERROR = -32000;

/**
 * The answer to a body that holds no message: the protocol's own error, about no call in particular (JSON-RPC 2.0, section
 * 5.1), with the envelope that every refusal has as its data.
 */
export function unreadableBody(refusal: Refusal, requestId: string): Response {
  const { code, message, retryAfterSeconds } = refusal;
  return Response.json(
    {
      jsonrpc: '2.0',
      id: null,
      error: { code: codeOf(refusal), message, data: envelope(refusal, requestId) },
    },
    {
      status: ERRORS[code].status,
      headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
    },
  );
}

function codeOf(refusal: Refusal): number {
  if (refusal instanceof NotAMessage) return INVALID_REQUEST;
  return refusal.code === 'invalid_arguments' ? PARSE_ERROR : SERVER_ERROR;
}
