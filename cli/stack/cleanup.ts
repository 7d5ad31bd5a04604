/** Releases what was acquired, last in first out, once, also when a release fails. */
export interface CleanupStack {
  /** Registers the release of what was just acquired. After `run` has begun it is released at once. */
  defer(release: () => Promise<void> | void): Promise<void>;
  /** Runs all releases; every call gets the same promise. It rejects with the failures, after all releases were tried. */
  run(): Promise<void>;
}

export function createCleanupStack(): CleanupStack {
  const releases: (() => Promise<void> | void)[] = [];
  let running: Promise<void> | undefined;

  const releaseAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (let release = releases.pop(); release !== undefined; release = releases.pop()) {
      try {
        await release();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be released');
  };

  return {
    async defer(release) {
      if (running) await release();
      else releases.push(release);
    },
    run() {
      running ??= releaseAll();
      return running;
    },
  };
}
