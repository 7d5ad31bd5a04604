import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attack } from '../support/attack-files.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

const MIB = 1024 * 1024;

describe('a run that meets a limit ends, and its outcome names the limit', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
  });
  afterAll(() => host.stop());

  it('an endless loop is stopped, and the line where it stood is named', async () => {
    const loop = { ...attack('processes/endless_loop'), entry: 'forecast.py', limits: { wall_ms: 1000 } };
    // On a busy host its time may be over before it loops, or its answer come too late: then it is asked anew.
    const stopped = async () => (await host.run(loop)).outcome.message;
    await expect.poll(stopped).toMatch(/^Stopped after 1 s at line (7|8) of forecast\.py\.$/);
  });

  it('memory is counted by the cgroup: what the program prints about it changes nothing', async () => {
    const { outcome } = await host.run({
      code: `import sys\nprint("MemoryError: out of memory", file=sys.stderr)\nraise SystemExit(1)`,
    });
    expect(outcome).toMatchObject({ state: 'failed', exit_code: 1, limit: null });
  });

  it('an allocation that can never fit fails at its own line', async () => {
    const { outcome } = await host.run({
      code: 'import numpy\n\nfigures = numpy.zeros((10**6, 10**6))\n',
      entry: 'model.py',
    });
    expect(outcome).toMatchObject({
      state: 'out_of_memory',
      limit: { name: 'run_memory_bytes', value: 512 * MIB },
      error: { path: 'model.py', line: 3 },
    });
  });

  it('a run that asked for more memory gets it', async () => {
    const code =
      'held = bytearray(700 << 20)\nfor i in range(0, len(held), 4096): held[i] = 1\nprint(len(held))';
    const { outcome } = await host.run({ code, limits: { memory_bytes: 1024 * MIB } });
    expect(outcome.state).toBe('succeeded');
    expect(outcome.usage.memory_peak_bytes).toBeGreaterThan(700 * MIB);
    const refused = await host.run({ code });
    expect(refused.outcome.state).toBe('out_of_memory');
  });

  it('a fifth of a core is what a run gets that asked for it, however many processes it starts', async () => {
    const code = `import os, time
for _ in range(2): os.fork()
until = time.monotonic() + 2
while time.monotonic() < until: pass`;
    const { outcome } = await host.run({ code, limits: { cpu_cores: 0.2 } });
    const { finished_ms: finishedMs, prepared_ms: preparedMs } = outcome.timings;
    expect(outcome.usage.cpu_ms).toBeLessThan((finishedMs - preparedMs) * 0.27);
  });

  it('stdout keeps its first mebibyte and says that it is cut', async () => {
    const { outcome, stdout } = await host.run({ code: 'import sys\nsys.stdout.write("a" * (3 << 20))' });
    expect(outcome).toMatchObject({
      state: 'succeeded',
      limit: { name: 'run_stream_bytes', value: MIB },
      stdout: { bytes: 3 * MIB, kept_bytes: MIB, truncated: true },
    });
    expect(stdout).toBe('a'.repeat(MIB));
    expect(outcome.stdout.inline).toBe('a'.repeat(4096));
  });
});
