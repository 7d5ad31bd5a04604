import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, chown, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { holdState } from '../../executor/hold-state.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';
import { makeNoteKeys } from '../../protocol/signed-note.ts';
import { makeStateDir, remains, removeStateDir, startExecutorProcess } from '../support/executor-process.ts';
import { type PoolPeer, startPoolPeer } from '../support/pool-peer.ts';
import { CACHE_DIR } from '../support/sandbox-host.ts';
import { imageArgs } from '../support/signed-image.ts';

const NOBODY = 65534;
const MAIN = join(import.meta.dirname, '..', '..', 'executor', 'main.ts');

let peer: PoolPeer;
let stateDir: string;
beforeAll(async () => {
  peer = await startPoolPeer();
  stateDir = await makeStateDir();
});
afterAll(async () => {
  await peer.stop();
  await removeStateDir(stateDir);
});

interface Host {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What starts the daemon, with the daemon's command line behind it. */
  readonly under?: readonly string[];
}

/** Starts the daemon on a host like this, and gives what it said when it ended. */
async function refusal({ args = [], env = {}, under = [] }: Host): Promise<string> {
  const serve = ['--url', peer.url, '--state', stateDir, '--cache', CACHE_DIR, '--engine', 'gvisor'];
  const token = ['--join-token-file', join(stateDir, 'join-token')];
  const own = [process.execPath, MAIN, ...serve, ...token, ...(await imageArgs(CACHE_DIR)), ...args];
  const [program = '', ...rest] = [...under, ...own];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = text(child.stderr);
  expect(await once(child, 'exit')).toEqual([1, null]);
  return (await said)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'))
    .join('\n');
}

/** A runsc that leaves its sandboxes in the host's network, whatever it is told. */
async function leakyRunsc(): Promise<string> {
  const { path } = await ensureRunsc({ stateDir: CACHE_DIR });
  const file = join(stateDir, 'leaky-runsc');
  const script = `#!/bin/sh
for each; do
  shift
  case $each in
  --network=none) each=--network=host ;;
  --bundle=*) sed -i 's/{"type":"network"},//' "\${each#--bundle=}/config.json" ;;
  esac
  set -- "$@" "$each"
done
exec ${path} "$@"
`;
  await writeFile(file, script, { mode: 0o755 });
  return file;
}

const HOSTS: readonly (readonly [string, () => Promise<Host>, RegExp])[] = [
  [
    'that has no runsc',
    async () => ({ env: { CAUSEWAY_RUNSC: '/nowhere/runsc' } }),
    /^\/nowhere\/runsc .* not found\.? Name a gVisor runsc in CAUSEWAY_RUNSC, or leave it unset/,
  ],
  [
    'whose sandbox the hostile probe gets out of',
    async () => ({ env: { CAUSEWAY_RUNSC: await leakyRunsc() } }),
    /^This host does not isolate runs: .*Nothing is served\. Run the executor as root on a Linux host with cgroups/,
  ],
  [
    'where it is an ordinary user',
    async () => {
      const own = await makeStateDir();
      onTestFinished(() => removeStateDir(own));
      await chown(own, NOBODY, NOBODY);
      const under = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
      return { under, args: ['--state', own] };
    },
    /^The executor has to run as root: .*Start it with sudo or as a system service\.$/,
  ],
  [
    'that has no cgroups',
    async () => ({
      under: [
        'unshare',
        '--mount',
        'sh',
        '-c',
        'umount --recursive --lazy /sys/fs/cgroup && exec "$@"',
        'sh',
      ],
    }),
    /^Runs cannot be bounded here: no cgroup hierarchy is mounted\. Run the executor as root, or as a systemd service with Delegate=yes/,
  ],
  [
    'whose image nobody signed',
    async () => ({ args: ['--image-signature', '/nowhere/image.sig'] }),
    /^image_unsigned: There is no signature of sha256:[0-9a-f]{64} at \/nowhere\/image\.sig\. Sign it where the private key is/,
  ],
  [
    'whose image is signed by another',
    async () => ({
      under: [
        'sh',
        '-c',
        // The trusted key is the argument behind --image-key: another takes its place.
        `for each; do shift; [ "$last" = --image-key ] && { last=; each='${(await makeNoteKeys('ops')).publicKey}'; } || last=$each; set -- "$@" "$each"; done; exec "$@"`,
        'sh',
      ],
    }),
    /^signature_unknown_key: .* is signed by no key that this host trusts\. Sign the image with one that it trusts/,
  ],
];

/** State folders that cannot be had, below an empty folder of their own. */
const FOLDERS: readonly (readonly [string, (dir: string) => Promise<Host>, RegExp])[] = [
  [
    'that another executor has',
    async (dir) => {
      const held = await holdState(dir);
      if (!held.ok) throw new Error(held.reason);
      onTestFinished(() => held.release());
      return { args: ['--state', dir] };
    },
    /^Another executor uses \S+, process \d+ of \S+\. Give this one a --state of its own\.$/,
  ],
  [
    'on a read-only disk',
    async (dir) => ({ under: onDisk(dir, 'ro'), args: ['--state', join(dir, 'state')] }),
    /\(EROFS\)\. It is on a read-only file system\. Mount that for writing, or give another folder with --state\.$/,
  ],
  [
    'on a full disk',
    async (dir) => ({ under: onDisk(dir, 'nr_inodes=1'), args: ['--state', join(dir, 'state')] }),
    /\(ENOSPC\)\. Its disk has no room or no inodes left\. Make room, or/,
  ],
  [
    'of somebody else, where root has no power over that',
    async (dir) => {
      await chown(dir, NOBODY, NOBODY);
      await chmod(dir, 0o755);
      const under = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
      return { under, args: ['--state', join(dir, 'state')] };
    },
    /\(EACCES\)\. This process may not make or enter it\. Give it to root, or/,
  ],
  [
    'that it may not look into',
    async (dir) => {
      await chown(dir, NOBODY, NOBODY);
      const under = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
      return { under, args: ['--state', dir] };
    },
    /executor\.json may not be opened by this process\. Give it and its folder to root\.$/m,
  ],
  [
    'below a file',
    async (dir) => ({ args: ['--state', join(dir, await aFile(dir), 'state')] }),
    /\(ENOTDIR\)\. A part of its path is a file\. Move that away, or/,
  ],
  [
    'whose name is a link to nothing',
    async (dir) => {
      await symlink('nothing', join(dir, 'link'));
      return { args: ['--state', join(dir, 'link')] };
    },
    /\(EEXIST\)\. A file, or a link to nothing, has its name\. Move that away, or/,
  ],
  [
    'below /proc',
    async () => ({ args: ['--state', '/proc/causeway/state'] }),
    /\(ENOENT\)\. No folder can be made there: it is below \/proc or its like, .* Give another one with --state\.$/,
  ],
  [
    'whose path leaves no room for a socket',
    async (dir) => ({ args: ['--state', join(dir, 'a'.repeat(94 - dir.length))] }),
    /\(ENAMETOOLONG\)\. Without symbolic links its path has more than the 94 bytes .* Give a shorter one with --state\.$/,
  ],
  [
    'that is to be swept and cannot be',
    async (dir) => ({ args: ['--sweep', '--state', join(dir, await aFile(dir))] }),
    /\(EEXIST\)\./,
  ],
];

/** A disk of its own at a folder, for the process behind it alone. */
function onDisk(dir: string, options: string): readonly string[] {
  const mount = `mount -t tmpfs -o ${options} causeway-test ${dir} && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', mount, 'sh'];
}

async function aFile(dir: string): Promise<string> {
  await writeFile(join(dir, 'file'), '');
  return 'file';
}

describe('an executor refuses to serve, and says what to do, with a state folder', () => {
  it.each(FOLDERS)('%s', async (_what, host, says) => {
    const dir = await mkdtemp(join(tmpdir(), 'causeway-folder-'));
    onTestFinished(() => removeStateDir(dir));
    expect(await refusal(await host(dir))).toMatch(says);
    expect(peer.requests).toEqual([]);
  });
});

describe('an executor refuses to serve, and says what to do, on a host', () => {
  it.each(HOSTS)('%s', async (_what, host, says) => {
    expect(await refusal(await host())).toMatch(says);
    expect(peer.requests).toEqual([]);
    expect(await remains(stateDir)).toEqual([]);
  });

  it('whose image is changed while it serves', { timeout: 240_000 }, async () => {
    const cacheDir = join(stateDir, 'cache');
    await mkdir(cacheDir);
    // Real copies: the files of the cache are everybody's.
    const copied = spawn('cp', ['--archive', join(CACHE_DIR, 'images'), join(CACHE_DIR, 'runsc'), cacheDir]);
    expect(await once(copied, 'exit')).toEqual([0, null]);
    const image = join(cacheDir, 'images', (await ensureImage({ stateDir: cacheDir })).digest.slice(7));
    // What was proven of the original is true of the copy: this saves reading all of it.
    await writeFile(join(image, 'proven'), '');
    const args = ['--cache', cacheDir, '--image-check-seconds', '1'];
    const executor = await startExecutorProcess(peer, stateDir, ...args);
    onTestFinished(() => void executor.child.kill('SIGKILL'));
    await appendFile(join(image, 'rootfs/usr/lib/python3.13/this.py'), '\n');
    expect(await executor.exited).toEqual({ code: 1, signal: null });
    expect(executor.stderr()).toMatch(
      /\nimage_changed: The sandbox image .* was changed while it was in use/,
    );
    expect(peer.requests).toContain('POST /executor/refused-image');
    expect(await remains(stateDir)).toEqual([]);
  });
});
