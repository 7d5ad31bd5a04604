/** The memory of this host that runs share. One that asks for more than is free waits its turn, first come first served. */
export interface MemoryAccount {
  /** Resolves with the release once `bytes` are free; null where `signal` was aborted first. */
  reserve(bytes: number, signal: AbortSignal): Promise<(() => void) | null>;
}

interface Waiting {
  readonly bytes: number;
  grant(): void;
}

export function memoryAccount(totalBytes: number): MemoryAccount {
  let freeBytes = totalBytes;
  const queue: Waiting[] = [];
  const serve = (): void => {
    for (let first = queue[0]; first !== undefined && first.bytes <= freeBytes; first = queue[0]) {
      queue.shift();
      freeBytes -= first.bytes;
      first.grant();
    }
  };
  return {
    reserve(bytes, signal) {
      const granted = Promise.withResolvers<(() => void) | null>();
      let isReleased = false;
      const release = () => {
        if (isReleased) return;
        isReleased = true;
        freeBytes += bytes;
        serve();
      };
      const each: Waiting = { bytes, grant: () => granted.resolve(release) };
      queue.push(each);
      const onAbort = () => {
        const at = queue.indexOf(each);
        if (at < 0) return;
        queue.splice(at, 1);
        granted.resolve(null);
        serve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else serve();
      return granted.promise.finally(() => signal.removeEventListener('abort', onAbort));
    },
  };
}
