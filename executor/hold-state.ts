import { createHash } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

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
 * abstract Unix socket (unix(7)), which the kernel releases however the process ends.
 */
export async function holdState(stateDir: string): Promise<StateHeld> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const dir = await realpath(stateDir);
  const tag = stateTag(dir);
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(`\0causeway-executor-${tag}`, () => resolve(true));
  });
  if (!listening)
    return { ok: false, reason: `Another executor uses ${dir}. Give this one a --state of its own.` };
  server.unref();
  return { ok: true, dir, tag, release: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
