/** Where a session's id stands: never in an address, which logs keep. */
export const SESSION_HEADER = 'mcp-session-id';

const PARAMETERS: ReadonlySet<string> = new Set(['mcpsessionid', 'sessionid', 'mcpsession']);

/** Whether the query of an address names a session, in any spelling of the name. */
export function namesSession(address: string): boolean {
  const from = address.indexOf('?');
  if (from < 0) return false;
  const names = [...new URLSearchParams(address.slice(from)).keys()];
  return names.some((name) => PARAMETERS.has(name.toLowerCase().replace(/[^a-z]/g, '')));
}

/** Told rather than passed over: the id stands in the logs of what is between by now. */
export function sessionInAddress(): Response {
  return protocolError(
    400,
    -32600,
    `A session is named by the header ${SESSION_HEADER}, never in an address.`,
  );
}

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
