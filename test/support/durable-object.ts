/** What stands for the module `cloudflare:workers` where an object is made outside of workerd. */
export class DurableObject {
  protected readonly ctx: unknown;
  constructor(context: unknown) {
    this.ctx = context;
  }
}
