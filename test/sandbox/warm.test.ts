import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf, statFieldsOf } from '../../bench/measure/process-tree.ts';
import { OPEN_AFTER_MS } from '../../executor/feed.ts';
import { newId } from '../../protocol/ids.ts';
import { type Finished, type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

const MIB = 1024 * 1024;

/** How each gVisor kernel below a process is (proc_pid_stat(5)). */
function sentryStates(pid: number): (string | undefined)[] {
  return descendantsOf(pid)
    .filter((each) => readFileSync(`/proc/${each}/cmdline`, 'utf8').startsWith('runsc-sandbox'))
    .map((each) => statFieldsOf(each)?.[0]);
}

/** Shares (cgroup v1) and weights (v2). */
const PRIORITIES: Readonly<Record<string, string>> = {
  64: 'background',
  6: 'background',
  1024: 'run',
  100: 'run',
};

/** How the sandboxes of a host stand to one another when the CPU is short, as its kernel has it. */
function priorities({ stateDir }: SandboxHost): (string | undefined)[] {
  return globSync('sandboxes/*/cgroups.json', { cwd: stateDir }).flatMap((file) => {
    const dirs = JSON.parse(readFileSync(join(stateDir, file), 'utf8')) as string[];
    const controls = globSync(dirs.flatMap((dir) => [join(dir, 'cpu.shares'), join(dir, 'cpu.weight')]));
    return [...new Set(controls.map((control) => PRIORITIES[readFileSync(control, 'utf8').trim()]))];
  });
}

describe('warm sandboxes', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 1 });
  });
  afterAll(() => host.stop());
  const isReady = () => expect.poll(() => host.pool.ready).toBe(1);

  it('have pandas imported, serve one run, and are replaced', async () => {
    await isReady();
    const code = 'import sys, os\nprint("pandas" in sys.modules)\nopen("/tmp/used", "w").close()';
    const first = await host.run({ code });
    expect(first.outcome.sandbox.warm).toBe(true);
    expect(first.stdout).toBe('True\n');
    await isReady();
    const second = await host.run({ code: 'import os\nprint(os.listdir("/tmp"))' });
    expect(second.outcome.sandbox.warm).toBe(true);
    expect(second.stdout).not.toContain('used');
    await isReady();
  });

  it('get the larger memory and the other limits that a run asks for', async () => {
    const code = `import os
held = bytearray(700 << 20)
for i in range(0, len(held), 4096): held[i] = 1
size = os.statvfs("/outputs")
print(size.f_blocks * size.f_frsize)`;
    const { outcome, stdout } = await host.run({
      code,
      limits: { memory_bytes: 1024 * MIB, outputs_bytes: 8 * MIB },
    });
    expect(outcome).toMatchObject({ state: 'succeeded', sandbox: { warm: true } });
    expect(stdout).toBe(`${8 * MIB}\n`);
    await isReady();
  });

  it('give the same numbers for the same seed, warm or cold, and others for another', async () => {
    const code = `import random, os
import numpy
print(random.random(), numpy.random.rand(), hash("x"), os.environ["CAUSEWAY_SEED"], os.environ["SOURCE_DATE_EPOCH"])`;
    const seeds = { seed: 7, source_date_epoch: 99 };
    await isReady();
    const first = await host.run({ code, seeds });
    await isReady();
    const again = await host.run({ code, seeds });
    const other = await host.run({ code, seeds: { ...seeds, seed: 8 } });
    expect(first.stdout).toBe(again.stdout);
    expect(first.stdout).toMatch(/ 7 99\n$/);
    expect(other.stdout).not.toBe(first.stdout);
  });

  /** What is the same in all copies of one snapshot: where the loader put the C library. */
  const LAYOUT = 'next(line for line in open("/proc/self/maps") if "libc.so" in line)';

  it('are copies of one snapshot, and draw randomness of their own', async () => {
    const code = `import os, secrets, ssl, tempfile, uuid, multiprocessing.process
import numpy
print(${LAYOUT}, end="")
print(os.urandom(8).hex())
print(numpy.random.default_rng().random())
print(secrets.token_hex(8))
print(ssl.RAND_bytes(8).hex())
print(uuid.uuid4())
print(tempfile.mktemp())
print(bytes(multiprocessing.process.current_process().authkey).hex())`;
    await isReady();
    const [first = '', ...alice] = (await host.run({ code })).stdout.trim().split('\n');
    await isReady();
    const [second, ...bob] = (await host.run({ code })).stdout.trim().split('\n');
    expect(first).toMatch(/libc\.so/);
    expect(second).toBe(first);
    expect(alice).toHaveLength(7);
    expect(alice.filter((line) => bob.includes(line))).toEqual([]);
    await isReady();
  });

  it('hold nothing that another copy left in its interpreter or its folders', async () => {
    await isReady();
    await host.run({
      code: `import builtins, os, sys, pandas
builtins.trace = sys.mallory = os.environ["MALLORY"] = "was here"
pandas.options.display.max_rows = 7
pandas.DataFrame.mallory = "was here"
for folder in ("/tmp", "/dev/shm", "/outputs"): open(folder + "/mallory", "w").close()`,
    });
    await isReady();
    const { stdout } = await host.run({
      code: `import builtins, os, sys, pandas
print(hasattr(builtins, "trace"), hasattr(sys, "mallory"), "MALLORY" in os.environ, hasattr(pandas.DataFrame, "mallory"))
print(pandas.options.display.max_rows, [os.listdir(folder) for folder in ("/tmp", "/dev/shm", "/outputs")])`,
    });
    expect(stdout).toBe('False False False False\n60 [[], [], []]\n');
  });

  it('stand behind the walls that a new sandbox stands behind', async () => {
    const code = `import ctypes, json, os, resource
libc = ctypes.CDLL(None, use_errno=True)
CALLS = {"clone3": 435, "io_uring_setup": 425, "unshare": 272, "keyctl": 250, "bpf": 321, "userfaultfd": 323, "perf_event_open": 298, "ptrace": 101, "mount": 165}
def refused(number):
    return [libc.syscall(number, 0x10000000, 0, 0, 0, 0), os.strerror(ctypes.get_errno())]
status = open("/proc/self/status").read().splitlines()
print(json.dumps({
    "calls": {name: refused(number) for name, number in CALLS.items()},
    "vsock": libc.socket(40, 1, 0),
    "status": [line for line in status if line.startswith(("Cap", "Uid", "Gid", "Groups", "Seccomp"))],
    "mounts": open("/proc/mounts").read(),
    "limits": [resource.getrlimit(limit) for limit in range(16) if limit != resource.RLIMIT_AS],
    "cpu": open("/proc/cpuinfo").read().count("processor"),
    "memory": open("/proc/meminfo").readline(),
    "fds": os.listdir("/proc/self/fd"),
    "network": open("/proc/net/dev").read(),
    "environment": sorted(set(os.environ) - {"PYTHONHASHSEED"}),
}))`;
    await isReady();
    const copy = await host.run({ code });
    const fresh = await host.run({ code, seeds: { pythonhashseed: 1 } });
    expect([copy.outcome.sandbox.warm, fresh.outcome.sandbox.warm]).toEqual([true, false]);
    expect(copy.stderr).toBe('');
    expect(JSON.parse(copy.stdout)).toEqual(JSON.parse(fresh.stdout));
    expect(JSON.parse(copy.stdout)).toMatchObject({ calls: { clone3: [-1, expect.any(String)] }, vsock: -1 });
  });

  it('yield the CPU to runs until they are one', async () => {
    await isReady();
    expect(priorities(host)).toEqual(['background']);
    const cancel = new AbortController();
    const running = host.run({ code: 'while True: pass' }, cancel.signal);
    await expect.poll(() => priorities(host)).toEqual(['run']);
    cancel.abort('cancel');
    expect((await running).outcome.sandbox.warm).toBe(true);
  });

  it('use no CPU while they wait, and tell the right time when they go', async () => {
    await isReady();
    // The signal that stops one takes its time.
    await expect.poll(() => sentryStates(process.pid)).toEqual(['T']);
    const before = Date.now() / 1000;
    const { stdout } = await host.run({ code: 'import time\nprint(time.time())' });
    expect(Number(stdout)).toBeGreaterThan(before - 1);
    expect(Number(stdout)).toBeLessThan(Date.now() / 1000 + 1);
  });

  it('do not serve a run that wants another hash seed: it gets a sandbox of its own', async () => {
    await isReady();
    const { outcome, stdout } = await host.run({
      code: 'import os; print(os.environ["PYTHONHASHSEED"])',
      seeds: { pythonhashseed: 5 },
    });
    expect(outcome.sandbox.warm).toBe(false);
    expect(stdout).toBe('5\n');
  });

  it('read parameters, pinned data and project modules, and leave stdin empty', async () => {
    const grant = host.peer.grant(Buffer.from('day,revenue\n2024-01-01,5\n2024-01-02,6\n'));
    const tenant = newId('tenant');
    const run = () =>
      host.run({
        entry: 'models/main.py',
        code: `import json, sys
import pandas
from rates import RATE
from sibling import NAME
parameters = json.load(open('/inputs/parameters.json'))
total = pandas.read_csv('/data/sales/data.csv').revenue.sum()
print(total * RATE * parameters['scale'], NAME, __name__, sys.argv, repr(sys.stdin.read()))`,
        files: { 'rates.py': 'RATE = 2\n', 'models/sibling.py': 'NAME = "alice"\n' },
        parameters: { scale: 10 },
        data: [{ name: 'sales', format: 'csv', sha256: grant.sha256, bytes: grant.bytes }],
        blobs: [grant],
        tenant,
      });
    const first = await run();
    expect(first.stdout).toBe("220 alice __main__ ['/repo/models/main.py'] ''\n");
    const second = await run();
    expect(second.stdout).toBe(first.stdout);
    expect(host.peer.requests.filter((each) => each === `GET /executor/blobs/${grant.sha256}`)).toHaveLength(
      1,
    );
  });

  it('show output and progress live on the feed of a run, in order', async () => {
    const finished = await host.run({
      code: `import causeway, time
for step in range(4):
    print('step', step)
    causeway.progress(step, 4, 'working')
    time.sleep(0.15)`,
    });
    const events = host.peer.feeds.get(finished.job.run) ?? [];
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events.flatMap((event) => (event.kind === 'stdout' ? [event.text] : [])).join('')).toBe(
      finished.stdout,
    );
    expect(events.filter(({ kind }) => kind === 'progress')).toEqual([
      expect.objectContaining({ done: 0, total: 4, message: 'working' }),
      expect.objectContaining({ done: 1 }),
      expect.objectContaining({ done: 2 }),
      expect.objectContaining({ done: 3 }),
    ]);
  });

  it('let a program use processes and threads as it would anywhere', async () => {
    const { outcome, stdout, stderr } = await host.run({
      code: `import concurrent.futures, multiprocessing, subprocess, sys

def square(n):
    return n * n

if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, [1, 2, 3]))
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context('spawn')) as pool:
        print(list(pool.map(square, [4, 5])))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(list(pool.map(square, [6, 7])))
    print(subprocess.run([sys.executable, '-c', 'print(8)'], capture_output=True, text=True).stdout)`,
    });
    expect([stdout, outcome.state, stderr]).toEqual([
      '[1, 4, 9]\n[16, 25]\n[36, 49]\n8\n\n',
      'succeeded',
      '',
    ]);
  });

  it('a short run opens no feed; its first output is said at once where someone follows it', async () => {
    const runShort = async (isFollowed: boolean): Promise<Finished> => {
      for (;;) {
        await isReady();
        const finished = await host.run({ code: 'print(1)', isFollowed });
        // On a busy machine not every run is short.
        if (finished.outcome.timings.finished_ms < OPEN_AFTER_MS) return finished;
      }
    };
    const alone = await runShort(false);
    const followed = await runShort(true);
    for (const { job } of [alone, followed]) expect(host.peer.feeds.has(job.run)).toBe(false);
    expect(alone.printed).toEqual([]);
    expect(followed.printed).toMatchObject([{ kind: 'stdout', sequence: 1, text: '1\n' }]);
  });

  it('a feed that cannot be opened neither fails nor delays a run', async () => {
    host.peer.goAway();
    const finished = await host.run({ code: 'import time\nfor i in range(5): print(i); time.sleep(0.05)' });
    host.peer.returnToService();
    expect(finished.outcome).toMatchObject({ state: 'succeeded', stdout: { inline: '0\n1\n2\n3\n4\n' } });
  });

  it('an input whose bytes are not what the manifest names is never run on', async () => {
    const grant = host.peer.grant(Buffer.from('right'));
    host.peer.blobs.set(grant.sha256, Buffer.from('wrong'));
    const data = [{ name: 'sales', format: 'csv' as const, sha256: grant.sha256, bytes: grant.bytes }];
    await expect(host.run({ code: 'print(1)', data, blobs: [grant] })).rejects.toThrow('another SHA-256');
  });

  it('outputs are stored although the store fails at first', async () => {
    host.peer.faults.puts = 2;
    const finished = await host.run({ code: 'open("/outputs/a.txt", "w").write("a")' });
    expect(finished.output('a.txt').toString()).toBe('a');
  });
});
