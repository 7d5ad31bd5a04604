import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';

const NAME_CHARS_SHOWN = 100;

/** The error of a request that names something which is not offered; `name` is whatever the client sent. */
export function unknownName(noun: 'tool' | 'prompt', name: unknown): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `Unknown ${noun}: ${String(name).slice(0, NAME_CHARS_SHOWN)}`,
  );
}
