import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { tellServiceManager } from '../../../executor/tell-service-manager.ts';

/** Where systemd would listen: Node has no datagram sockets with a path. */
const LISTEN = `
import json, os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('"listening"', flush=True)
while True:
    print(json.dumps(listener.recv(4096).decode()), flush=True)
`;

/** What is said at a socket like systemd's, message by message. */
async function listen(): Promise<{ socket: string; next(): Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-notify-'));
  const socket = join(folder, 'notify');
  const listener = spawn('python3', ['-c', LISTEN, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    listener.kill();
    await rm(folder, { recursive: true, force: true });
  });
  const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse(`${(await lines.next()).value}`) as string;
  expect(await next()).toBe('listening');
  return { socket, next };
}

it('systemd is told how the daemon stands, the last of what came at once', async () => {
  const { socket, next } = await listen();
  const tell = tellServiceManager(socket, () => {});
  tell('not connected; it dials again by itself');
  tell('connected, draining');
  tell('connected');
  const statusOf = async () => {
    for (;;) {
      const status = /^STATUS=(.*)$/m.exec(await next())?.[1];
      if (status !== undefined) return status;
    }
  };
  expect([await statusOf(), await statusOf()]).toEqual([
    'not connected; it dials again by itself',
    'connected',
  ]);
});
