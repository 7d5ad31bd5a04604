import { type Level, logLine } from '../protocol/log-line.ts';
import { maskSecrets } from '../protocol/mask-secrets.ts';

/** One JSON line an event on stderr, its secrets masked. Values are data, never parts of the message. */
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** The reader of stdout and stderr may go away: then log lines are lost, and nothing else. */
export function stderrLog(): Log {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return (level, message, fields = {}) => {
    process.stderr.write(`${logLine({ at: new Date().toISOString(), level, message, ...fields })}\n`);
  };
}

/** Says to a person, on stderr, what is no event. It may quote an address that somebody gave, so its secrets are masked. */
export function say(text: string): void {
  process.stderr.write(`${maskSecrets(text)}\n`);
}
