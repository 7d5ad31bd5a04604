import { type Level, logLine } from '../protocol/log-line.ts';

/** Writes one event to the log of the platform, its secrets masked. `where` is the part that says it. */
export function log(level: Level, where: string, fields: Readonly<Record<string, unknown>>): void {
  const line = logLine({ level, where, ...fields });
  if (level === 'error' || level === 'warn') console.error(line);
  else console.log(line);
}
