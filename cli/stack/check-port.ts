import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isFreePort } from '../database/find-free-port.ts';
import { Failure } from '../terminal/failure.ts';

/** Refuses a port on 127.0.0.1 that something listens on, and names it where this user may see it. */
export async function requireFreePort(port: number): Promise<void> {
  if (await isFreePort(port)) return;
  const listener = findListener(port);
  throw new Failure({
    what: `Port ${port} on 127.0.0.1 is in use.`,
    why: listener
      ? `process ${listener.pid} listens there: ${listener.command}`
      : 'another program listens there',
    remedy: `end that program, or choose another port: ./causeway up --port ${port + 1}`,
  });
}

function findListener(port: number): { pid: number; command: string } | null {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port));
  if (inodes.length === 0) return null;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const descriptors = tryRead(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    const holds = descriptors.some((fd) =>
      sockets.has(tryRead(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? ''),
    );
    if (!holds) continue;
    const command = tryRead(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
    return { pid: Number(pid), command: command.replaceAll('\0', ' ').trim().slice(0, 80) };
  }
  return null;
}

/** Columns of proc_net_tcp(5): local address as hex `ADDRESS:PORT`, state `0A` for LISTEN, the inode tenth. */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return (tryRead(() => readFileSync(table, 'utf8')) ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === '0A' && local.endsWith(suffix))
    .flatMap((columns) => columns[9] ?? []);
}

/** What may have gone away, or may not be seen, between listing and reading. */
function tryRead<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}
