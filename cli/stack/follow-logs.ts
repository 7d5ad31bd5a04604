import { closeSync, openSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { PartName } from './part.ts';

const CHUNK_BYTES = 64 * 1024;

/** Hands on each line that is added to a log from now on. It ends with the process. */
export async function followLogs(
  sources: readonly { readonly name: PartName; readonly file: string }[],
  onLine: (name: PartName, line: string) => void,
): Promise<never> {
  const readers = sources.map(({ name, file }) => createReader(file, (line) => onLine(name, line)));
  const readAll = (): void => {
    for (const read of readers) read();
  };
  for (const folder of new Set(sources.map(({ file }) => dirname(file)))) watch(folder, readAll);
  return new Promise(() => {});
}

/** Reads what was added to `file` since the last call, and from its begin where it became shorter (a new start). */
function createReader(file: string, onLine: (line: string) => void): () => void {
  let offset = sizeOf(file);
  let rest = '';
  return () => {
    const size = sizeOf(file);
    if (size < offset) [offset, rest] = [0, ''];
    if (size === offset) return;
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      for (let count = readSync(fd, buffer, 0, CHUNK_BYTES, offset); count > 0; ) {
        offset += count;
        rest += buffer.toString('utf8', 0, count);
        count = readSync(fd, buffer, 0, CHUNK_BYTES, offset);
      }
    } finally {
      closeSync(fd);
    }
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
