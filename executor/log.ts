export type Level = 'debug' | 'info' | 'warn' | 'error';

/** One JSON line an event on stderr. Values are data, never parts of the message; no capability or key is a value. */
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

const TEXT_CHARS_MAX = 2000;

/** JSON escapes control characters; U+2028, U+2029 and DEL are escaped too, so that a line is a line everywhere. */
export function logLine(
  at: Date,
  level: Level,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  const text = JSON.stringify({ at: at.toISOString(), level, message, ...fields }, (_, value: unknown) =>
    typeof value === 'string' && value.length > TEXT_CHARS_MAX
      ? `${value.slice(0, TEXT_CHARS_MAX)}...`
      : value,
  );
  return text.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function stderrLog(): Log {
  return (level, message, fields = {}) => {
    process.stderr.write(`${logLine(new Date(), level, message, fields)}\n`);
  };
}
