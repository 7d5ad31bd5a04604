import { type Level, logLine } from '../protocol/log-line.ts';

/** One JSON line an event on stderr, its secrets masked. Values are data, never parts of the message. */
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export function stderrLog(): Log {
  return (level, message, fields = {}) => {
    process.stderr.write(`${logLine({ at: new Date().toISOString(), level, message, ...fields })}\n`);
  };
}
