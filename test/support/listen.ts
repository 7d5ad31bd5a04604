import { postModern } from './modern-call.ts';
import type { TestStack } from './stack.ts';

/** A message on a stream of changes: a notification, or the result that ends it. */
export interface Told {
  readonly method?: string;
  readonly params?: Record<string, unknown> & { readonly uri?: string };
  readonly result?: Record<string, unknown>;
}

/** A stream that a client listens to. */
export interface Listening {
  readonly response: Response;
  /** The next message; null where the stream has ended. */
  next(): Promise<Told | null>;
  /** The next message that `wanted` accepts; fails where the stream ends before. */
  until(wanted: (told: Told) => boolean): Promise<Told>;
  close(): void;
}

/** Listens with `subscriptions/listen`; resolves when the server has acknowledged. */
export async function listen(
  stack: TestStack,
  token: string,
  notifications: Record<string, unknown>,
): Promise<Listening> {
  const ending = new AbortController();
  const response = await postModern(stack, token, 'subscriptions/listen', {
    id: 'listen-1',
    params: { notifications },
    signal: ending.signal,
  });
  if (response.status !== 200 || response.body === null)
    throw new Error(`listen: ${response.status} ${await response.text()}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Told | null> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const frame = text.slice(0, end);
        text = text.slice(end + 2);
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data !== undefined) return JSON.parse(data) as Told;
      } else {
        const { done, value } = await reader.read();
        if (done) return null;
        text += value;
      }
    }
  };
  const acknowledged = await next();
  if (acknowledged?.method !== 'notifications/subscriptions/acknowledged')
    throw new Error(`not acknowledged: ${JSON.stringify(acknowledged)}`);
  return {
    response,
    next,
    async until(wanted) {
      for (;;) {
        const told = await next();
        if (told === null) throw new Error('the stream ended');
        if (wanted(told)) return told;
      }
    },
    close: () => ending.abort(),
  };
}

/** `notifications/resources/updated` of this URI. */
export function updated(uri: string): (told: Told) => boolean {
  return ({ method, params }) => method === 'notifications/resources/updated' && params?.uri === uri;
}
