/** Where a session's id stands: never in an address, which logs keep. */
export const SESSION_HEADER = 'mcp-session-id';

/** An error of the protocol as the whole answer to an HTTP request, about no call in particular. */
export function protocolError(
  status: number,
  code: number,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status, headers });
}

/** 404 for a session that is forged, expired, deleted or another's: all alike, and what tells a client to begin anew. */
export function sessionNotFound(): Response {
  return protocolError(404, -32001, 'Session not found');
}
