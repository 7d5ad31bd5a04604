import type { Answer, Observations, Seen } from './seen.ts';

/** What a check came to. `saw` is a sentence; a failed one says what to do. */
export type Verdict =
  | { readonly state: 'ok' | 'skipped'; readonly saw: string }
  | { readonly state: 'failed'; readonly saw: string; readonly remedy: string };

/** One thing that must hold, as data: pure, so that a table of hostile answers is its test. */
export interface Check {
  readonly id: string;
  /** Guarantees of SECURITY.md of which it shows a part from outside. */
  readonly guarantees?: readonly string[];
  /** The claim. */
  readonly says: string;
  /** What breaks where it does not hold. */
  readonly why: string;
  readonly judge: (observed: Observations) => Verdict;
}

export const ok = (saw: string): Verdict => ({ state: 'ok', saw });
export const skipped = (saw: string): Verdict => ({ state: 'skipped', saw });
export const failed = (saw: string, remedy: string): Verdict => ({ state: 'failed', saw, remedy });

/** Judges an answer; where there is none, the check fails with what happened instead. */
export function withAnswer(
  seen: Seen,
  what: string,
  remedy: string,
  judge: (answer: Answer) => Verdict,
): Verdict {
  switch (seen.kind) {
    case 'answer':
      return judge(seen);
    case 'failure':
      return failed(`${what}: ${seen.reason}.`, remedy);
    case 'not_asked':
      return skipped(`${what}: not asked.`);
  }
}

export function header({ headers }: Answer, name: string): string | null {
  return headers[name] ?? null;
}

/** The media type of a body, without parameters. */
export function mediaType(answer: Answer): string {
  return (header(answer, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The body as a JSON object, or null. */
export function jsonOf({ body }: Answer): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** `text` short enough for one line; what a server says cannot steer a terminal. */
export function quoted(text: unknown): string {
  return `“${plain(text, 120)}”`;
}

/** The same without quotes, and as long as is said. */
export function plain(text: unknown, charsMax: number): string {
  const line = String(typeof text === 'string' ? text : JSON.stringify(text)).replace(/[\p{C}\s]+/gu, ' ');
  return line.length > charsMax ? `${line.slice(0, charsMax)}…` : line;
}
