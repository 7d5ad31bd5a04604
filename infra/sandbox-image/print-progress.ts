import type { WriteStream } from 'node:tty';
import type { OnProgress, Progress } from './progress.ts';

/** Prints a build's steps: on a terminal one line a step, rewritten as it goes on; elsewhere a line when a step begins. */
export function printProgress(stream: WriteStream): { onProgress: OnProgress; finish: () => void } {
  let current = '';
  const onProgress = (progress: Progress) => {
    const isNew = progress.says !== current;
    current = progress.says;
    if (stream.isTTY) {
      const separator = isNew ? '\n' : '\r\x1b[K';
      stream.write(`${separator}${progressLine(progress)}`);
    } else if (isNew) {
      stream.write(`${progressLine(progress)}\n`);
    }
  };
  const finish = () => {
    if (stream.isTTY && current) stream.write('\n');
  };
  return { onProgress, finish };
}

/** `downloading 27 Python wheels  112.4 of 231.1 MB` */
function progressLine({ says, done, total, unit }: Progress): string {
  if (done === undefined || total === undefined) return says;
  return `${says}  ${done} of ${total} ${unit ?? ''}`.trimEnd();
}
