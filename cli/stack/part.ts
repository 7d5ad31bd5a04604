import { closeSync, openSync, readFileSync } from 'node:fs';

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

const TAIL_BYTES = 16 * 1024;

/** The last lines of a log; empty where there is none. */
export function tailOf(logFile: string, linesMax: number): string[] {
  let text: string;
  try {
    text = readFileSync(logFile, 'utf8').slice(-TAIL_BYTES);
  } catch {
    return [];
  }
  return text.trimEnd().split('\n').filter(Boolean).slice(-linesMax);
}

/** Opens a part's log for this start, empty, and closes it here once `use` has handed it to a child. */
export function withLogFile<Result>(logFile: string, use: (fd: number) => Result): Result {
  const fd = openSync(logFile, 'a', 0o600);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
