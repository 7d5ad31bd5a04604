import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MKFIFO_TIMEOUT_MS = 10_000;
const READ_BYTES = 64 * 1024;

/** What the executor holds of a pipe that the sandbox writes. */
export interface Reading {
  /** Flowing as soon as someone listens for `data`. */
  readonly socket: Socket;
  /** Emits what is still in the pipe, now; for when nobody writes any more but a writer is still open. */
  drain(): void;
}

export interface Pipes {
  readonly stdout: Reading;
  readonly stderr: Reading;
  readonly progress: Reading;
  readonly report: Reading;
  /** The sandbox's ends of 0 to 4, to be inherited; {@link handedOver} closes ours. */
  readonly childFds: readonly number[];
  handedOver(): void;
  writeStdin(text: string): void;
  close(): void;
}

function reading(path: string): Reading {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on('error', () => socket.destroy());
  return {
    socket,
    drain() {
      if (socket.destroyed) return;
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      for (;;) {
        let bytes = 0;
        try {
          bytes = readSync(fd, buffer);
        } catch {
          return; // EAGAIN: empty, with a writer that will not write again.
        }
        if (bytes === 0) return;
        socket.emit('data', Buffer.from(buffer.subarray(0, bytes)));
      }
    },
  };
}

/**
 * Five pipes for one sandbox. Node would give a child Unix sockets, which carry file descriptors; a hostile program gets
 * plain pipes instead, made as FIFOs because Node has no pipe(2), and unlinked once they are open.
 */
export async function openPipes(dir: string): Promise<Pipes> {
  const [stdin, stdout, stderr, progress, report] = ['stdin', 'stdout', 'stderr', 'progress', 'report'].map(
    (name) => join(dir, `${name}.fifo`),
  ) as [string, string, string, string, string];
  const paths = [stdin, stdout, stderr, progress, report];
  await run('mkfifo', ['-m', '600', ...paths], {
    timeout: MKFIFO_TIMEOUT_MS,
    env: { PATH: '/usr/bin:/bin' },
  });

  // The program's end of stdin has to block; opening it so needs a writer, and opening the writer needs a reader.
  const opener = openSync(stdin, constants.O_RDONLY | constants.O_NONBLOCK);
  const stdinWrite = openSync(stdin, constants.O_WRONLY | constants.O_NONBLOCK);
  const childFds = [openSync(stdin, constants.O_RDONLY)];
  closeSync(opener);
  const readings = [stdout, stderr, progress, report].map((path) => {
    const end = reading(path);
    childFds.push(openSync(path, constants.O_WRONLY));
    return end;
  }) as [Reading, Reading, Reading, Reading];
  for (const path of paths) rmSync(path);

  let writable = true;
  const closeStdin = () => {
    if (writable) closeSync(stdinWrite);
    writable = false;
  };
  return {
    stdout: readings[0],
    stderr: readings[1],
    progress: readings[2],
    report: readings[3],
    childFds,
    handedOver() {
      for (const fd of childFds.splice(0)) closeSync(fd);
    },
    writeStdin(text) {
      try {
        writeSync(stdinWrite, text);
      } catch {
        // EPIPE: the sandbox died while it waited; its end is seen elsewhere.
      }
      closeStdin();
    },
    close() {
      for (const fd of childFds.splice(0)) closeSync(fd);
      for (const each of readings) each.socket.destroy();
      closeStdin();
    },
  };
}
