import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openPipes } from '../../../executor/sandbox/pipes.ts';

it('a pipe in /tmp keeps its inode after its program has ended, so that a /tmp that was filled is found full', async () => {
  const tmp = await mkdtemp(join(tmpdir(), 'causeway-pipes-'));
  const pipes = await openPipes(tmp, { tmp }, false);
  try {
    const ends = ['.stdout', '.stderr', '.progress', '.report'].map((name) => openSync(join(tmp, name), 'w'));
    const heard = Promise.withResolvers<void>();
    pipes.report.socket.on('data', () => heard.resolve());
    for (const { socket } of [pipes.stdout, pipes.stderr, pipes.progress]) socket.resume();
    pipes.attached();
    const lastWords = ends.pop() as number;
    for (const end of ends) closeSync(end);
    writeSync(lastWords, 'exit\n');
    closeSync(lastWords);
    await heard.promise;
    // What ended before these words is seen by then.
    await setImmediate();
    const { stdout, stderr, progress, report } = pipes;
    expect([stdout, stderr, progress, report].map(({ socket }) => socket.destroyed)).toEqual(
      Array(4).fill(false),
    );
  } finally {
    pipes.close();
    await rm(tmp, { recursive: true });
  }
});
