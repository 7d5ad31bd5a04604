/** What stands for the module `cloudflare:workers` in a simulation. */
export class DurableObject {
  protected readonly ctx: unknown;
  protected readonly env: unknown;

  constructor(context: unknown, env: unknown) {
    this.ctx = context;
    this.env = env;
  }
}

/** The simulated isolate lives as long as its process. */
export function waitUntil(work: Promise<unknown>): void {
  work.catch(() => {});
}
