import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateTag } from '../../executor/hold-state.ts';
import { releaseStack } from '../../executor/release-stack.ts';
import { newId } from '../../protocol/ids.ts';
import type { EngineName } from './engines.ts';
import type { JobParts } from './make-job.ts';
import { type SandboxHost, startSandboxHost } from './sandbox-host.ts';

/** A host with something to steal and something to harm, and an eye on it. */
export interface AttackedHost {
  readonly sandbox: SandboxHost;
  /** Whether each attack is to be played in a sandbox that was made ahead. */
  readonly asksForWarm: boolean;
  /** Known to nobody but the host: a file of it, and the environment of a process, hold it. */
  readonly secret: string;
  /** What every attack is given: all that Mallory could know of the host, and a data set. */
  readonly given: Pick<JobParts, 'parameters' | 'tenant' | 'data' | 'blobs'>;
  /** What is to be seen of the host; no attack changes any of it. */
  look(): Readonly<Record<string, unknown>>;
  /** Folders, mounts and cgroups of sandboxes; there are none when none runs. */
  remains(): readonly string[];
  stop(): Promise<void>;
}

/** Listeners on every address of the host: what reaches one of them got out of a sandbox. */
async function startListeners(folder: string) {
  let reached = 0;
  const heard = () => {
    reached += 1;
  };
  const abstractName = `causeway-test-${randomBytes(6).toString('hex')}`;
  const path = join(folder, 'socket');
  const [tcp, abstract, unix] = [createServer(heard), createServer(heard), createServer(heard)];
  tcp.listen(0, '::');
  abstract.listen(`\0${abstractName}`);
  unix.listen(path);
  const udp = createSocket('udp4', heard).bind(0, '0.0.0.0');
  await Promise.all([tcp, abstract, unix, udp].map((each) => once(each, 'listening')));
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);
  return {
    tcp: addresses.map((address) => [address, (tcp.address() as AddressInfo).port]),
    udp: addresses.map((address) => [address, udp.address().port]),
    sockets: [abstractName, path],
    reached: () => reached,
    close() {
      udp.close();
      for (const server of [tcp, abstract, unix]) server.close();
    },
  };
}

/** The environment is what Mallory would like to read of it, its life what she would like to end. */
async function startVictim(secret: string): Promise<ChildProcess> {
  const victim = spawn('sleep', ['infinity'], { env: { PATH: '/usr/bin:/bin', SECRET: secret } });
  await once(victim, 'spawn');
  return victim;
}

function stateOf(path: string) {
  const { mode, uid, mtimeMs, nlink } = statSync(path);
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { mode: mode & 0o7777, uid, mtimeMs, nlink, sha256 };
}

/** @param warm sandboxes that are made ahead; with 0 each run has a new one */
export async function startAttackedHost(engine: EngineName, warm = 0): Promise<AttackedHost> {
  const releases = releaseStack((error) => {
    throw error;
  });
  const sandbox = await startSandboxHost({ warm, engine });
  releases.push(() => sandbox.stop());
  const folder = await mkdtemp(join(tmpdir(), 'causeway-victim-'));
  releases.push(() => rm(folder, { recursive: true }));
  const secret = randomBytes(16).toString('hex');
  const file = join(folder, 'secret.txt');
  await writeFile(file, secret);
  const listeners = await startListeners(folder);
  releases.push(() => listeners.close());
  const victim = await startVictim(secret);
  releases.push(() => void victim.kill('SIGKILL'));

  const tenant = newId('tenant');
  const grant = sandbox.peer.grant(Buffer.from('day,revenue\n2024-01-01,5\n'));
  const cached = join(sandbox.stateDir, 'blobs', tenant, grant.sha256);
  const { tcp, udp, sockets } = listeners;
  const cgroups = `causeway-${stateTag(sandbox.stateDir)}`;
  return {
    sandbox,
    asksForWarm: warm > 0,
    secret,
    given: {
      parameters: { tcp, udp, sockets, file, folder, pid: victim.pid ?? 0 },
      tenant,
      data: [{ name: 'sales', format: 'csv', sha256: grant.sha256, bytes: grant.bytes }],
      blobs: [grant],
    },
    look: () => ({
      heard: listeners.reached(),
      secret: stateOf(file),
      folder: readdirSync(folder).sort(),
      input: stateOf(cached),
      victim: [victim.exitCode, victim.signalCode],
      hostname: hostname(),
      corePattern: readFileSync('/proc/sys/kernel/core_pattern', 'utf8'),
    }),
    remains: () => [
      ...readdirSync(join(sandbox.stateDir, 'sandboxes')),
      ...readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => line.includes(sandbox.stateDir)),
      ...globSync(`/sys/fs/cgroup/**/${cgroups}`),
    ],
    stop: () => releases.releaseAll(),
  };
}
