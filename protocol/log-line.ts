import { maskField, maskSecrets } from './mask-secrets.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

const TEXT_CHARS_MAX = 2000;

/**
 * One event as one line of JSON; Worker and executor write every log line by this function. Values are data, never
 * parts of the message; secrets are masked before a text is cut, so that no half of one is left. JSON escapes control
 * characters; U+2028, U+2029 and DEL are escaped too, so that a line is a line everywhere.
 */
export function logLine(event: { readonly level: Level } & Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(event, (name, value: unknown) => {
    const shown = maskField(name, value);
    return typeof shown === 'string' && shown.length > TEXT_CHARS_MAX
      ? `${shown.slice(0, TEXT_CHARS_MAX)}...`
      : shown;
  });
  // The name of a field may come from outside too.
  return maskSecrets(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
