/**
 * Remembers what was loaded for a name a short time ago. Of callers that ask at the same time one loads and the others
 * wait for it. A failed load is not remembered.
 */
export class Remembered<Value> {
  private readonly entries = new Map<string, { readonly value: Promise<Value>; readonly at: number }>();
  private readonly load: (name: string) => Promise<Value>;
  private readonly bounds: { readonly entriesMax: number; readonly believedMs: number };

  constructor(
    load: (name: string) => Promise<Value>,
    bounds: { readonly entriesMax: number; readonly believedMs: number },
  ) {
    this.load = load;
    this.bounds = bounds;
  }

  /** The value, no older than `believedMs`. */
  get(name: string, believedMs = this.bounds.believedMs): Promise<Value> {
    const known = this.entries.get(name);
    if (known !== undefined && Date.now() - known.at < believedMs) return known.value;
    this.entries.delete(name);
    if (this.entries.size >= this.bounds.entriesMax) this.forget(this.entries.keys().next().value as string);
    const entry = { value: this.load(name), at: Date.now() };
    this.entries.set(name, entry);
    entry.value.catch(() => {
      if (this.entries.get(name) === entry) this.forget(name);
    });
    return entry.value;
  }

  forget(name: string): void {
    this.entries.delete(name);
  }
}
