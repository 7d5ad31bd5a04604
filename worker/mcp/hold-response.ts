import type { Entry } from './entry.ts';

/**
 * Holds a response until its call has entered the tenant, or has shown by its first bytes that it never will (the SDK
 * answered by itself). Returns the response to send; its body is untouched but for having been peeked at.
 */
export async function holdUntilEntry(response: Response, entry: Entry): Promise<Response> {
  if (entry.isDecided || response.body === null || !isEventStream(response)) return response;
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const first = reader.read();
  await Promise.race([entry.verdict, first]);
  return new Response(resume(first, reader), response);
}

function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true;
}

function resume(
  first: Promise<ReadableStreamReadResult<Uint8Array>>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let next: Promise<ReadableStreamReadResult<Uint8Array>> | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await (next ?? reader.read());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
