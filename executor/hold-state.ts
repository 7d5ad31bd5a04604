import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const SWEEP_TIMEOUT_MS = 60_000;
const SWEEP_POLL_MS = 50;
const ANSWER_TIMEOUT_MS = 2_000;

/** What a state folder is held for. Who sweeps is soon done, and waited for. */
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
  | { readonly ok: false; readonly reason: string };

/** The tag of a state folder, given without symbolic links. */
export function stateTag(dir: string): string {
  return createHash('sha256').update(dir).digest('hex').slice(0, 12);
}

/**
 * Makes a state folder this process's alone. Two executors in one would sweep away each other's sandboxes. The lock is an
 * abstract Unix socket (unix(7)), which the kernel releases however the process ends; it says what the folder is held for.
 */
export async function holdState(stateDir: string, purpose: Purpose = 'serve'): Promise<StateHeld> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const dir = await realpath(stateDir);
  const tag = stateTag(dir);
  const name = `\0causeway-executor-${tag}`;
  const until = performance.now() + SWEEP_TIMEOUT_MS;
  for (;;) {
    const server = await listen(name, purpose);
    if (server !== null) return { ok: true, dir, tag, release: () => closeServer(server) };
    if ((await purposeOf(name)) === 'serve')
      return { ok: false, reason: `Another executor uses ${dir}. Give this one a --state of its own.` };
    if (performance.now() > until)
      return {
        ok: false,
        reason: `What a killed executor left in ${dir} has been swept for a minute and is not gone. Look for processes that name this folder, and end them.`,
      };
    await delay(SWEEP_POLL_MS);
  }
}

/** Null where somebody else has the name. */
function listen(name: string, purpose: Purpose): Promise<Server | null> {
  // Whoever asks and goes on holding its end must not hold up ours.
  const server = createServer((socket) =>
    socket.on('error', () => undefined).end(purpose, () => socket.destroy()),
  );
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(name, () => resolve(server.unref()));
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
