import type { StoredEvent } from './session-store.ts';
import { encodeEvent, KEEP_ALIVE, KEEP_ALIVE_MS } from './sse.ts';

/** A client that reads slower than this many bytes is cut off; it comes back and goes on from its last event. */
const BUFFERED_BYTES_MAX = 2 * 1024 * 1024;

/** An open stream of events to one client. `ended` resolves once, whoever ends it. */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  private readonly keepAlive: ReturnType<typeof setInterval>;
  readonly ended: Promise<void>;
  private readonly tellEnd: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.tellEnd = resolve;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        cancel: () => this.end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_BYTES_MAX }),
    );
    this.keepAlive = setInterval(() => this.write(KEEP_ALIVE), KEEP_ALIVE_MS);
  }

  get isOpen(): boolean {
    return this.controller !== undefined;
  }

  send({ id, message }: StoredEvent): void {
    this.write(encodeEvent(message, id));
  }

  write(bytes: Uint8Array): void {
    this.controller?.enqueue(bytes);
    if ((this.controller?.desiredSize ?? 1) <= 0) this.close();
  }

  close(): void {
    this.controller?.close();
    this.end();
  }

  private end(): void {
    if (this.controller === undefined) return;
    this.controller = undefined;
    clearInterval(this.keepAlive);
    this.tellEnd();
  }
}
