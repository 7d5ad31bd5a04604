import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endShims } from './end-shims.ts';
import type { Docker } from './ensure-docker.ts';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
const STOP_TIMEOUT_MS = 30_000;
const SHIMS_POLL_MS = 250;
const LOG_TAIL_CHARS = 1000;

const unmount = (point: string) => promisify(execFile)('umount', [point]);

export interface DockerdSettings {
  readonly docker: Docker;
  /** Images and containers, kept from one start to the next. One daemon at a time. */
  readonly dataDir: string;
  readonly runtimes: Readonly<
    Record<string, { readonly path: string; readonly runtimeArgs: readonly string[] }>
  >;
}

export interface Dockerd {
  readonly socketPath: string;
  stop(): Promise<void>;
}

/**
 * A Docker daemon by hand, beside whatever the host has: own folders and socket, no bridge and no rule of the firewall, so
 * the host's network stays as it is. It ends with the process that started it.
 */
export async function startDockerd({ docker, dataDir, runtimes }: DockerdSettings): Promise<Dockerd> {
  // Paths of Unix sockets are short, and containerd makes some below the folder that it is given.
  const dir = await mkdtemp(path.join(tmpdir(), 'causeway-docker-'));
  await mkdir(dataDir, { recursive: true });
  const socketPath = path.join(dir, 'docker.sock');
  const configFile = path.join(dir, 'daemon.json');
  const logFile = path.join(dir, 'log');
  const config = {
    'data-root': dataDir,
    'exec-root': path.join(dir, 'exec'),
    pidfile: path.join(dir, 'docker.pid'),
    hosts: [`unix://${socketPath}`],
    bridge: 'none',
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
    'ip-masq': false,
    'userland-proxy': false,
    'log-driver': 'none',
    'storage-driver': 'overlay2',
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    runtimes,
  };
  await writeFile(configFile, JSON.stringify(config));
  const child = spawn('setpriv', ['--pdeathsig=TERM', 'dockerd', '--config-file', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: [...docker.programs, '/usr/sbin:/usr/bin:/sbin:/bin'].join(':'),
      LD_LIBRARY_PATH: docker.libraries.join(':'),
    },
    // A signal to the group of whoever runs tests is answered by them, once.
    detached: true,
  });
  const log = createWriteStream(logFile);
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    await end(dir, child, exited);
    // Kept mounted where a container was in the network of the host.
    await unmount(path.join(dir, 'exec/netns/default')).catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(child, socketPath);
    return { socketPath, stop };
  } catch (error) {
    await end(dir, child, exited);
    const said = await readFile(logFile, 'utf8').catch(() => '');
    await rm(dir, { recursive: true, force: true });
    throw new Error(`${(error as Error).message}: ${said.slice(-LOG_TAIL_CHARS)}`);
  }
}

async function waitUntilReady(child: ChildProcess, socketPath: string): Promise<void> {
  const until = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (await answers(socketPath)) return;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('dockerd ended at its start');
    if (performance.now() > until) throw new Error('dockerd does not answer');
    await delay(READY_POLL_MS);
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    get({ socketPath, path: '/_ping', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}

/** It ends its containers and containerd itself; by force only where it hangs. Its shims are ended until then: one may be starting. */
async function end(dir: string, child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  endShims(dir);
  child.kill('SIGTERM');
  const ending = setInterval(() => endShims(dir), SHIMS_POLL_MS);
  const timeout = delay(STOP_TIMEOUT_MS, 'timeout', { ref: false });
  if ((await Promise.race([exited, timeout])) === 'timeout') child.kill('SIGKILL');
  await exited;
  clearInterval(ending);
  endShims(dir);
}
