import { type Level, logLine } from '../protocol/log-line.ts';

/** One JSON line an event on stderr, its secrets masked. Values are data, never parts of the message. */
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** The reader of stdout and stderr may go away: then log lines are lost, and nothing else. */
export function stderrLog(): Log {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return (level, message, fields = {}) => {
    process.stderr.write(`${logLine({ at: new Date().toISOString(), level, message, ...fields })}\n`);
  };
}
