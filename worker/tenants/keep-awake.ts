const AWAKE_MS = 60_000;

/**
 * Keeps a Durable Object's memory for a minute after its last call. An idle object is evicted after some seconds (10 in
 * workerd), and then a pause would reset its rate limits. After a minute it may be: a bucket that was left alone that
 * long is full anyway.
 */
export class KeepAwake {
  private lastCall = 0;
  private isWaiting = false;
  private readonly waitUntil: (work: Promise<unknown>) => void;

  constructor(context: Pick<DurableObjectState, 'waitUntil'>) {
    this.waitUntil = (work) => context.waitUntil(work);
  }

  /** To be called at each call of the object. */
  touch(): void {
    this.lastCall = Date.now();
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.waitUntil(this.rest());
  }

  private async rest(): Promise<void> {
    for (;;) {
      const left = this.lastCall + AWAKE_MS - Date.now();
      if (left <= 0) break;
      await scheduler.wait(left);
    }
    this.isWaiting = false;
  }
}
