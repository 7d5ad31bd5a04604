import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { PartName } from './part.ts';

const NEWLINE = 0x0a;

export interface FollowedLog {
  readonly name: PartName;
  readonly file: string;
  /** How much of it was shown, in bytes. */
  readonly shownBytes: number;
}

/** How many bytes of a log are whole lines; what comes after them is being written. */
export function wholeLinesOf(file: string): number {
  return existsSync(file) ? readFileSync(file).lastIndexOf(NEWLINE) + 1 : 0;
}

/** Hands on each line of a log that was not shown, as soon as it is whole. It ends with the process. */
export async function followLogs(
  logs: readonly FollowedLog[],
  onLine: (name: PartName, line: string) => void,
): Promise<never> {
  const readers = logs.map((log) => createReader(log, (line) => onLine(log.name, line)));
  const readAll = (): void => {
    for (const read of readers) read();
  };
  for (const folder of new Set(logs.map(({ file }) => dirname(file)))) watch(folder, readAll);
  // What was written before somebody watched.
  readAll();
  return new Promise(() => {});
}

/** Reads what was added to a log since the last call, and from its begin where it became shorter (a new start). */
function createReader({ file, shownBytes }: FollowedLog, onLine: (line: string) => void): () => void {
  let offset = shownBytes;
  return () => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < offset) offset = 0;
    if (size === offset) return;
    const added = readPart(file, offset, size - offset);
    const end = added.lastIndexOf(NEWLINE) + 1;
    offset += end;
    for (const line of added.toString('utf8', 0, end).split('\n').slice(0, -1)) onLine(line);
  };
}

function readPart(file: string, offset: number, bytes: number): Buffer {
  const part = Buffer.alloc(bytes);
  const fd = openSync(file, 'r');
  try {
    return part.subarray(0, readSync(fd, part, 0, bytes, offset));
  } finally {
    closeSync(fd);
  }
}
