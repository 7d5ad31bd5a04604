const MESSAGE_CHARS_MAX = 500;

export interface Progress {
  readonly done: number;
  readonly total: number | null;
  readonly message: string;
}

function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A line that `causeway.progress()` wrote, or null: the pipe belongs to the program, which can write anything. */
export function readProgress(line: string): Progress | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const done = finite(fields.done);
  if (done === null) return null;
  const message = typeof fields.message === 'string' ? fields.message : '';
  return {
    done,
    total: finite(fields.total),
    message: message.replaceAll('\0', '').slice(0, MESSAGE_CHARS_MAX).toWellFormed(),
  };
}
