/** Releases what was acquired, last first, once; a release that fails does not keep the others from happening. */
export interface ReleaseStack {
  /** Registers a release in the line after its acquisition. After {@link releaseAll} it runs at once. */
  push(release: () => void | Promise<void>): void;
  /** Runs all releases one after the other. A second call waits for the first. */
  releaseAll(): Promise<void>;
}

export function releaseStack(onError: (error: unknown) => void): ReleaseStack {
  const releases: (() => void | Promise<void>)[] = [];
  let released: Promise<void> | null = null;
  const releaseOne = async (release: () => void | Promise<void>): Promise<void> => {
    try {
      await release();
    } catch (error) {
      onError(error);
    }
  };
  const drain = async (): Promise<void> => {
    for (let release = releases.pop(); release !== undefined; release = releases.pop())
      await releaseOne(release);
  };
  return {
    push(release) {
      if (released === null) releases.push(release);
      else void releaseOne(release);
    },
    releaseAll() {
      released ??= drain();
      return released;
    },
  };
}
