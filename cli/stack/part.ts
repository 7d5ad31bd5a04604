import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { StatePaths } from './state-paths.ts';

export const PART_NAMES = ['postgres', 'postgres-http', 'worker', 'executor'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** A part of the stack that runs as a process of its own, in a process group of its own. */
export interface Part {
  readonly name: PartName;
  readonly pid: number;
  /** Where it listens on 127.0.0.1, or null. */
  readonly port: number | null;
  readonly logFile: string;
  /** Resolves with a few words ("exit code 1", "ended by SIGKILL") when it has ended, whoever wanted that. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

const TAIL_BYTES = 64 * 1024;

export function logFileOf(paths: StatePaths, part: PartName): string {
  return join(part === 'postgres' ? paths.postgres : paths.logs, `${part}.log`);
}

/** The last lines of a log, or of its first `bytes`; empty where there is none. */
export function tailOf(logFile: string, linesMax: number, bytes?: number): string[] {
  if (!existsSync(logFile)) return [];
  const text = readFileSync(logFile).subarray(0, bytes).subarray(-TAIL_BYTES).toString();
  const lines = text.trimEnd().split('\n').filter(Boolean);
  return lines.slice(Math.max(0, lines.length - linesMax));
}

/** Begins a log for this start and lends it while a child is made; the log of the start before is kept beside it. */
export function withLogFile<Result>(logFile: string, use: (fd: number) => Result): Result {
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
  const fd = openSync(logFile, 'a', 0o600);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
