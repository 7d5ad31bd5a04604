import type { ErrorEnvelope } from '../../../protocol/errors.ts';
import type { Frame } from './read-frame.ts';

/**
 * The messages in a response of `/mcp`, each as it comes: the events of a stream, or its one body. A refusal that is no
 * JSON-RPC becomes an error of the request; one of a notification is nobody's answer and is dropped.
 */
export async function* readResponse(
  response: Response,
  { requestId, method }: Frame,
): AsyncGenerator<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    yield* readEvents(response);
    return;
  }
  const text = await response.text();
  if (text === '') return;
  const body = JSON.parse(text) as { jsonrpc?: string; id?: unknown; error?: ErrorEnvelope };
  if (method !== null && requestId === null && body.error !== undefined) return;
  if (body.jsonrpc === '2.0') yield JSON.stringify({ ...body, id: body.id ?? requestId });
  else
    yield JSON.stringify({
      jsonrpc: '2.0',
      id: requestId,
      error: asProtocolError(response.status, body.error),
    });
}

/** The data of each event of a stream (WHATWG HTML, "Server-sent events", as this server writes it). */
export async function* readEvents(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data !== undefined) yield data;
    }
  }
}

const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;

function asProtocolError(status: number, refusal: ErrorEnvelope | undefined) {
  return {
    code: status < 500 ? INVALID_REQUEST : INTERNAL_ERROR,
    message: refusal?.message ?? `The server answered ${status}.`,
    data: refusal,
  };
}
