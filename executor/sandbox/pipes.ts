import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Folders } from './engine.ts';

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
  /** The sandbox's ends of 0 to 2, to be inherited where an engine hands descriptors on; {@link handedOver} closes ours. */
  readonly childFds: readonly number[];
  handedOver(): void;
  /** The sandbox has opened the pipes that it opens itself: takes their names away, and {@link childFds} where it has those. */
  attached(): void;
  writeStdin(line: string): void;
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
 * plain pipes instead, made as FIFOs because Node has no pipe(2). 0 to 2 are inherited, where an engine hands descriptors
 * on. The others are opened inside, by their names in /tmp, because a restored sandbox inherits no more than three; a
 * folder that is read-only inside would refuse it. They are unlinked before the program runs.
 */
export async function openPipes(
  dir: string,
  folders: Pick<Folders, 'tmp'>,
  inherits: boolean,
): Promise<Pipes> {
  const standard = ['.stdin', '.stdout', '.stderr'].map((name) => join(inherits ? dir : folders.tmp, name));
  const others = ['.progress', '.report'].map((name) => join(folders.tmp, name));
  // 666: the user inside may open them; the folder above is the executor's alone.
  await run('mkfifo', ['-m', '666', ...standard, ...others], {
    timeout: MKFIFO_TIMEOUT_MS,
    env: { PATH: '/usr/bin:/bin' },
  });
  const [stdin, stdout, stderr, progress, report] = [...standard, ...others] as [
    string,
    string,
    string,
    string,
    string,
  ];

  // The program's end of stdin has to block; opening it so needs a writer, and opening the writer needs a reader.
  const opener = openSync(stdin, constants.O_RDONLY | constants.O_NONBLOCK);
  const stdinWrite = openSync(stdin, constants.O_WRONLY | constants.O_NONBLOCK);
  const childFds = [openSync(stdin, constants.O_RDONLY)];
  closeSync(opener);
  const [stdoutEnd, stderrEnd, progressEnd, reportEnd] = [
    reading(stdout),
    reading(stderr),
    reading(progress),
    reading(report),
  ];
  childFds.push(...[stdout, stderr].map((path) => openSync(path, constants.O_WRONLY)));
  // Writers of our own: the harness opens the named pipes twice, and the last writer to close one would end it. A pipe
  // that has ended gives its inode back, and a /tmp that the program has filled would not be found full.
  const inTmp = inherits ? others : [stdout, stderr, ...others];
  const heldFds = [stdinWrite, ...inTmp.map((path) => openSync(path, constants.O_WRONLY))];
  if (inherits) for (const path of standard) rmSync(path);

  const handedOver = () => {
    for (const fd of childFds.splice(0)) closeSync(fd);
  };
  return {
    stdout: stdoutEnd,
    stderr: stderrEnd,
    progress: progressEnd,
    report: reportEnd,
    childFds,
    handedOver,
    attached() {
      for (const path of inherits ? others : [...standard, ...others]) rmSync(path);
      handedOver();
    },
    writeStdin(line) {
      try {
        writeSync(stdinWrite, `${line}\n`);
      } catch {
        // EPIPE: the sandbox died while it waited; its end is seen elsewhere.
      }
    },
    close() {
      handedOver();
      for (const each of [stdoutEnd, stderrEnd, progressEnd, reportEnd]) each.socket.destroy();
      for (const fd of heldFds.splice(0)) closeSync(fd);
    },
  };
}
