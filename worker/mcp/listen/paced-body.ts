/**
 * A response body that says when its reader has taken everything. The bytes pass as they are; nothing is read ahead, so
 * that a client which does not read makes whoever writes wait instead of memory grow.
 */
export class PacedBody {
  readonly stream: ReadableStream<Uint8Array>;
  private isHungry = false;
  private hungry: () => void = () => {};

  /** `cancelled` is called when the client is gone. */
  constructor(source: ReadableStream<Uint8Array>, cancelled: () => void) {
    const reader = source.getReader();
    this.stream = new ReadableStream(
      {
        pull: async (controller) => {
          this.isHungry = true;
          this.hungry();
          const { done, value } = await reader.read();
          this.isHungry = false;
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel(reason) {
          cancelled();
          await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Resolves when the client waits for more than it was given. */
  async ready(): Promise<void> {
    if (this.isHungry) return;
    await new Promise<void>((resolve) => {
      this.hungry = resolve;
    });
  }
}
