import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { DIR_BYTES_MAX, folderFault, listenFault } from './state-fault.ts';

const SWEEP_TIMEOUT_MS = 60_000;
const SWEEP_POLL_MS = 50;
const ANSWER_TIMEOUT_MS = 2_000;

/** What a state folder is held for. A sweep is soon done, so the next holder waits for it. */
export type Purpose = 'serve' | 'sweep';

export type StateHeld =
  | {
      readonly ok: true;
      /** The folder without symbolic links. */
      readonly dir: string;
      /** Names what belongs to this state folder outside of it, as cgroups: the same after each restart. */
      readonly tag: string;
      release(): Promise<void>;
    }
  | {
      readonly ok: false;
      /** True where another executor or a sweep holds the folder; false where the host lets nobody hold it. */
      readonly isHeld: boolean;
      readonly reason: string;
    };

/** The tag of a state folder, given without symbolic links. */
export function stateTag(dir: string): string {
  return createHash('sha256').update(dir).digest('hex').slice(0, 12);
}

/**
 * Makes a state folder this process's alone. Two executors in one would sweep away each other's sandboxes. The lock is an
 * abstract Unix socket (unix(7)), which the kernel releases however the process ends; it says what the folder is held for.
 */
export async function holdState(stateDir: string, purpose: Purpose = 'serve'): Promise<StateHeld> {
  const folder = await makeFolder(stateDir);
  if (!folder.ok) return { ...folder, isHeld: false };
  const { dir } = folder;
  const tag = stateTag(dir);
  const name = `\0causeway-executor-${tag}`;
  const until = performance.now() + SWEEP_TIMEOUT_MS;
  for (;;) {
    const heard = await listen(name, purpose);
    if (heard.ok) return { ok: true, dir, tag, release: () => closeServer(heard.server) };
    if (heard.code !== 'EADDRINUSE')
      return { ok: false, isHeld: false, reason: listenFault(dir, heard.code) };
    if ((await purposeOf(name)) === 'serve')
      return {
        ok: false,
        isHeld: true,
        reason: `Another executor uses ${dir}. Give this one a --state of its own. ss -xlp names the process of the other, beside ${name.slice(1)}.`,
      };
    if (performance.now() > until)
      return {
        ok: false,
        isHeld: true,
        reason: `What a killed executor left in ${dir} has been swept for a minute and is not gone. Look for processes that name this folder, and end them.`,
      };
    await delay(SWEEP_POLL_MS);
  }
}

type FolderMade =
  | { readonly ok: true; readonly dir: string }
  | { readonly ok: false; readonly reason: string };

/** The folder without symbolic links, made where there was none. */
async function makeFolder(stateDir: string): Promise<FolderMade> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const dir = await realpath(stateDir);
    return Buffer.byteLength(dir) > DIR_BYTES_MAX
      ? { ok: false, reason: folderFault(dir, 'ENAMETOOLONG') }
      : { ok: true, dir };
  } catch (error) {
    // With its parents, Node tells of some faults as ENOENT: a read-only disk, a link to nothing. Alone it has the kernel's word.
    const code = await mkdir(stateDir).then(() => codeOf(error), codeOf);
    return { ok: false, reason: folderFault(stateDir, code) };
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? `${error}`;

type Listened =
  | { readonly ok: true; readonly server: Server }
  | { readonly ok: false; readonly code: string };

function listen(name: string, purpose: Purpose): Promise<Listened> {
  // A client that keeps its end open must not delay our end.
  const server = createServer((socket) =>
    socket.on('error', () => undefined).end(purpose, () => socket.destroy()),
  );
  return new Promise((resolve) => {
    server.once('error', (error) => resolve({ ok: false, code: codeOf(error) }));
    server.listen(name, () => resolve({ ok: true, server: server.unref() }));
  });
}

/** What the holder says; null where it is gone by now. One that says nothing is an executor of an earlier version. */
async function purposeOf(name: string): Promise<Purpose | null> {
  const socket = connect(name);
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
  const said = await text(socket).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ECONNREFUSED' ? null : '',
  );
  if (said === null) return null;
  return said === 'sweep' ? 'sweep' : 'serve';
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
