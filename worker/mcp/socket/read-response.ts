import type { ErrorEnvelope } from '../../../protocol/errors.ts';
import type { Frame } from './read-frame.ts';

/**
 * The messages in a response of `/mcp`, each as it comes: the events of a stream, or its one body. A refusal that is no
 * JSON-RPC becomes an error of the request; one of a notification is nobody's answer and is dropped.
 */
export async function* readResponse(
  response: Response,
  { requestId, isNotification }: Frame,
): AsyncGenerator<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    for await (const { data } of readEvents(response)) if (data !== null) yield data;
    return;
  }
  const text = await response.text();
  if (text === '') return;
  const body = JSON.parse(text) as { jsonrpc?: string; id?: unknown; error?: ErrorEnvelope };
  if (isNotification && body.error !== undefined) return;
  if (body.jsonrpc === '2.0') yield JSON.stringify({ ...body, id: body.id ?? requestId });
  else
    yield JSON.stringify({
      jsonrpc: '2.0',
      id: requestId,
      error: asProtocolError(response.status, body.error),
    });
}

/** An event of a stream: its id, and the data that it carries. */
export interface StreamEvent {
  readonly id: string | null;
  readonly data: string | null;
}

/** The events of a stream (WHATWG HTML, "Server-sent events", as this server writes it), without comments. */
export async function* readEvents(response: Response): AsyncGenerator<StreamEvent> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const lines = event.split('\n');
      yield { id: fieldOf(lines, 'id: '), data: fieldOf(lines, 'data: ') };
    }
  }
}

/** A line ends with a line feed and nothing else: text in JSON may hold other ends of lines. */
function fieldOf(lines: readonly string[], prefix: string): string | null {
  const value = lines.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? '';
  return value === '' ? null : value;
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
