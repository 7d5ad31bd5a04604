import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { type ExecutorProcess, startExecutorUnder } from './executor-process.ts';
import { type HostProxy, startHostProxy } from './host-proxy.ts';
import type { TestStack } from './stack.ts';

const execute = promisify(execFile);
const SHIM = join(import.meta.dirname, 'shifted-clock.js');
const DISK_MIB = 256;
const KEEP_FREE_MIB = 64;

/** A real executor with a disk, a clock and a network of its own, each of which can fail. */
export interface RealHost {
  readonly executor: string;
  readonly network: HostProxy;
  readonly process: ExecutorProcess;
  /** Takes what is free, and the snapshots of sandboxes, which it would give up for room sooner or later. */
  fillDisk(): Promise<void>;
  emptyDisk(): Promise<void>;
  /** Sets its wall clock so far off. */
  setClock(offsetMs: number): Promise<void>;
  stop(): Promise<void>;
}

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** Starts `executor/main.ts` on a small disk and behind a proxy, joined to the stack. */
export async function startRealHost(stack: TestStack, name: string, slots: number): Promise<RealHost> {
  const dir = await mkdtemp(join(tmpdir(), `causeway-host-${name}-`));
  const disk = join(dir, 'disk');
  const ballast = join(disk, 'ballast');
  const clock = join(dir, 'clock');
  await execute('mkdir', [disk]);
  await execute('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=0700`, 'causeway-test', disk]);
  await writeFile(join(disk, 'join-token'), `${await mintJoinToken(stack.ownerUrl)}\n`, { mode: 0o600 });
  await writeFile(clock, '0');
  // A module is named with what it is to read, so that the executor's environment is what it always is.
  const shim = `${pathToFileURL(SHIM)}?${new URLSearchParams({ clock })}`;
  const network = await startHostProxy(stack.port);
  const process = await startExecutorUnder(['--import', shim], network.url, disk, [
    ...['--name', name, '--slots', `${slots}`, '--keep-free-mb', `${KEEP_FREE_MIB}`],
  ]);
  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(disk);
    return bavail * bsize;
  };
  return {
    executor: process.ready.executor as string,
    network,
    process,
    async fillDisk() {
      await rm(join(disk, 'snapshots'), { recursive: true, force: true });
      // Whatever else takes space meanwhile, what is left in the end is nothing.
      for (let tries = 0; (await freeBytes()) > 0 && tries < 20; tries++)
        await execute('fallocate', ['-l', `${(await freeBytes()) + (await sizeOf(ballast))}`, ballast]).catch(
          () => undefined,
        );
    },
    emptyDisk: () => rm(ballast, { force: true }),
    async setClock(offsetMs) {
      await writeFile(clock, `${offsetMs}`);
      process.child.kill('SIGWINCH');
    },
    async stop() {
      process.child.kill('SIGTERM');
      await process.exited;
      await network.stop();
      await execute('umount', [disk]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
