import { access, constants, readFile, statfs } from 'node:fs/promises';
import { release, totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { runCommand, succeeded } from '../../infra/sandbox-image/run-command.ts';
import { identityFileOf } from '../identity.ts';
import { ownHierarchies } from '../sandbox/cgroup.ts';
import { exists } from './exists.ts';
import { needsNoRegistry } from './install-program.ts';
import { type HostFacts, PROGRAM_PACKAGES, type Program, type ServerSeen } from './judge-host.ts';
import type { Layout } from './layout.ts';
import { namesDebianArchive } from './provisioned.ts';

const SERVER_TIMEOUT_MS = 15_000;
const COMMAND_TIMEOUT_MS = 30_000;
const PROGRAM_DIRS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const MIB = 1024 * 1024;

/** Unpacked, with downloads and room to build: docs/sandbox-image.md has the figures. */
const CACHE_BYTES = 2_300 * MIB;
const CACHE_BYTES_PROVISIONED = 200 * MIB;
const PROGRAM_BYTES = 300 * MIB;
/** Sandboxes and a few fetched inputs; the cache of inputs removes what it has no room for. */
const STATE_BYTES = 1_024 * MIB;

/** Files that stand for what is no program. */
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];
const CERTIFICATES = ['/etc/ssl/certs/ca-certificates.crt'];

/** Reads what {@link judgeHost} and the plan go by. Nothing is changed, and no token is sent. */
export async function lookAtHost(layout: Layout, url: string, dockerSocket: string): Promise<HostFacts> {
  const [system, cgroups, missing, provisioned, hasDebianArchive, server] = await Promise.all([
    readSystem(),
    readCgroups(),
    missingPrograms(),
    needsNoRegistry(layout),
    namesDebianArchive(),
    askServer(url),
  ]);
  const cacheBytes = provisioned ? CACHE_BYTES_PROVISIONED : CACHE_BYTES;
  const disks = await Promise.all(
    [
      { dir: layout.programsDir, neededBytes: PROGRAM_BYTES },
      { dir: layout.cacheDir, neededBytes: cacheBytes },
      { dir: layout.stateDir, neededBytes: STATE_BYTES },
    ].map(async (each) => ({ ...each, freeBytes: await freeBytesAt(each.dir) })),
  );
  return {
    platform: process.platform,
    architecture: process.arch,
    uid: process.getuid?.() ?? -1,
    system,
    kernel: release(),
    hasSystemd: await exists('/run/systemd/system'),
    cgroups,
    memoryBytes: totalmem(),
    disks,
    missing,
    hasDebianArchive,
    hasDockerSocket: await exists(dockerSocket),
    isProvisioned: provisioned,
    isRegistered: await exists(identityFileOf(layout.stateDir)),
    server,
  };
}

async function readSystem(): Promise<HostFacts['system']> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const { ID, VERSION_ID } = parseEnv(text);
  return { id: ID ?? 'unknown', version: VERSION_ID ?? 'unknown' };
}

async function readCgroups(): Promise<HostFacts['cgroups']> {
  const [self, mountinfo] = await Promise.all([
    readFile('/proc/self/cgroup', 'utf8').catch(() => ''),
    readFile('/proc/self/mountinfo', 'utf8').catch(() => ''),
  ]);
  const hierarchies = ownHierarchies(self.replace(/^(\d+:[^:\n]*):.*$/gm, '$1:/'), mountinfo);
  const v1 = hierarchies.filter(({ version }) => version === 1).flatMap(({ controllers }) => controllers);
  const lacks = (offered: readonly string[], needed: readonly string[]) =>
    needed.filter((name) => !offered.includes(name));
  if (v1.includes('memory'))
    return { version: 1, missing: lacks(v1, ['memory', 'cpu', 'cpuacct', 'pids', 'freezer']) };
  const unified = hierarchies.find(({ version }) => version === 2);
  if (unified === undefined) return null;
  const offered = await readFile(join(unified.dir, 'cgroup.controllers'), 'utf8').catch(() => '');
  return { version: 2, missing: lacks(offered.trim().split(' '), ['memory', 'cpu', 'pids']) };
}

async function missingPrograms(): Promise<Program[]> {
  const names = Object.keys(PROGRAM_PACKAGES) as Program[];
  const found = await Promise.all(names.map(isThere));
  return names.filter((_, index) => !found[index]);
}

async function isThere(program: Program): Promise<boolean> {
  switch (program) {
    case 'Debian keyring':
      return (await Promise.all(KEYRINGS.map(exists))).includes(true);
    case 'CA certificates':
      return (await Promise.all(CERTIFICATES.map(exists))).includes(true);
    case 'pip':
      return succeeded(
        await runCommand('python3', ['-m', 'pip', '--version'], { timeoutMs: COMMAND_TIMEOUT_MS }),
      );
    default:
      return Promise.any(
        PROGRAM_DIRS.split(delimiter).map((dir) => access(join(dir, program), constants.X_OK)),
      ).then(
        () => true,
        () => false,
      );
  }
}

/** Asks an address that needs no token, and follows no redirect. */
async function askServer(url: string): Promise<ServerSeen> {
  try {
    const response = await fetch(`${url}/healthz`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(SERVER_TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.status >= 300 && response.status < 400)
      return { kind: 'redirects', to: response.headers.get('location') ?? 'an unnamed address' };
    const theirs = Date.parse(response.headers.get('date') ?? '');
    const skewSeconds = Number.isNaN(theirs) ? null : Math.round((Date.now() - theirs) / 1000);
    return { kind: 'answers', status: response.status, skewSeconds };
  } catch (error) {
    const { message, cause } = error as Error;
    return { kind: 'unreachable', reason: cause instanceof Error ? cause.message : message };
  }
}

/** Of the file system that `dir` will lie on. */
async function freeBytesAt(dir: string): Promise<number> {
  for (let at = dir; ; at = dirname(at)) {
    const found = await statfs(at).catch(() => null);
    if (found !== null) return found.bavail * found.bsize;
    if (at === '/') return 0;
  }
}
