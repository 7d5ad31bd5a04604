/** Smaller messages cost an isolate little, however many there are at once. */
const LARGE_CHARS = 1024 * 1024;
/** As of large bodies by POST: one of 8 MiB is some 40 MiB while it is read and parsed, and an isolate has 128 MB. */
const AT_ONCE_MAX = 2;

/** Tenants of which one is being served in this isolate, whatever socket it came by. */
const served = new Set<string>();

/**
 * Lets a message of a tenant's socket be served, and returns what says that it was; null for a large one while another of the
 * tenant is served, so that one whose calls wait leaves the others a turn, or as many as may be. Unlike a body by POST it has
 * arrived whole, so nothing is gained by having it wait.
 */
export function admitMessage(tenant: string, message: string): (() => void) | null {
  if (message.length <= LARGE_CHARS) return () => {};
  if (served.has(tenant) || served.size >= AT_ONCE_MAX) return null;
  served.add(tenant);
  return () => {
    served.delete(tenant);
  };
}
