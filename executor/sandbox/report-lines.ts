const CAUSES = ['memory_error', 'process_error', 'try_again', 'shared_memory_full'] as const;

/** What the harness says of the exception that ended a program; `try_again` is EAGAIN, of a fork or of anything else. */
export type ReportedCause = (typeof CAUSES)[number] | null;

/**
 * What `harness.py` says on its own pipe: one JSON line when it has imported, one when it waits for its order, one when the
 * program begins, one when it ended, and before that one whatever faulthandler (or a hostile program) writes there.
 */
export type ReportLine =
  | { readonly kind: 'imported' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'begun' }
  | {
      readonly kind: 'exit';
      readonly exitCode: number;
      readonly cause: ReportedCause;
    }
  | { readonly kind: 'other'; readonly text: string };

export function readReportLine(line: string): ReportLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: 'other', text: line };
  }
  if (typeof value !== 'object' || value === null) return { kind: 'other', text: line };
  if ('imported' in value && value.imported === true) return { kind: 'imported' };
  if ('ready' in value && value.ready === true) return { kind: 'ready' };
  if ('begun' in value && value.begun === true) return { kind: 'begun' };
  if ('exit' in value && isExitCode(value.exit)) {
    const cause = 'cause' in value ? value.cause : null;
    return {
      kind: 'exit',
      exitCode: value.exit,
      cause: CAUSES.find((known) => known === cause) ?? null,
    };
  }
  return { kind: 'other', text: line };
}

function isExitCode(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

/** Splits chunks into lines, and holds at most `charsMax` of an unfinished one: the rest of such a line is dropped. */
export function lineSplitter(charsMax: number, onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (chunk) => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = (parts.pop() ?? '').slice(0, charsMax);
    for (const part of parts) onLine(part.slice(0, charsMax));
  };
}
