const PREFIX = 'incoming/';
/** No transfer takes a day: an address lives for minutes, and the platform ends a request long before. */
const ABANDONED_MS = 24 * 3600_000;

/** A body that waits below `incoming/` for its digest, or was left there by a Worker that was killed. */
export interface WaitingBody {
  /** `incoming/<tenant>/<attempt>`. */
  readonly path: string;
  /** When it was written, ms since 1970 by the store's clock. */
  readonly writtenAt: number;
}

/** A store's own list of what waits, at most `bodiesMax` of it; and the removal of some. */
export interface IncomingBodies {
  list(prefix: string, bodiesMax: number): Promise<readonly WaitingBody[]>;
  remove(paths: readonly string[]): Promise<void>;
}

/** Where a body waits. */
export function incomingPath(tenant: string, attempt: string): string {
  return `${PREFIX}${tenant}/${attempt}`;
}

/** Removes what was left below `incoming/`; returns how much. What has a key, a blob, does not lie there. */
export async function sweepIncoming(
  bodies: IncomingBodies,
  { now, bodiesMax }: { readonly now: number; readonly bodiesMax: number },
): Promise<number> {
  const waiting = await bodies.list(PREFIX, bodiesMax);
  const abandoned = waiting.filter((body) => isAbandoned(body, now)).map(({ path }) => path);
  if (abandoned.length > 0) await bodies.remove(abandoned);
  return abandoned.length;
}

/** Whether nobody can come back for a body. One of which the age is not known is left alone. */
export function isAbandoned({ path, writtenAt }: WaitingBody, now: number): boolean {
  const [prefix, tenant, attempt, ...more] = path.split('/');
  const isIncoming = `${prefix}/` === PREFIX && [tenant, attempt].every(isName) && more.length === 0;
  return isIncoming && writtenAt < now - ABANDONED_MS;
}

/** One step of a path, and no way out of it. */
function isName(step: string | undefined): boolean {
  return step !== undefined && /^[A-Za-z0-9_-]+$/.test(step);
}
