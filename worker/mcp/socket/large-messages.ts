/** Smaller messages cost an isolate little, however many there are at once. */
const LARGE_CHARS = 1024 * 1024;
/** As of large bodies by POST: one of 8 MiB is some 40 MiB while it is read and parsed, and an isolate has 128 MB. */
const AT_ONCE_MAX = 2;

/** Of this isolate, whatever sockets they came by. */
let atOnce = 0;

/**
 * Lets a message of a socket be served, and returns what says that it was; null for a large one while as many as may be are
 * served. Unlike a body by POST it has arrived whole, so nothing is gained by having it wait.
 */
export function admitMessage(message: string): (() => void) | null {
  if (message.length <= LARGE_CHARS) return () => {};
  if (atOnce >= AT_ONCE_MAX) return null;
  atOnce += 1;
  return () => {
    atOnce -= 1;
  };
}
