import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFailure, probe } from '../../executor/probe.ts';
import type { Cgroups } from '../../executor/sandbox/cgroup.ts';
import { findCgroups } from '../../executor/sandbox/cgroup.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

/** A host whose memory controller does not bound anything, as it is for an ordinary user. */
function cgroupsWithoutMemory(): Cgroups {
  const found = findCgroups();
  if (!found.ok) throw new Error(found.reason);
  return {
    ...found.cgroups,
    make(name) {
      const group = found.cgroups.make(name);
      return { ...group, setLimits: (limits) => group.setLimits({ ...limits, memoryBytes: 4 * 1024 ** 3 }) };
    },
  };
}

describe('the probe at start', () => {
  let sound: SandboxHost;
  let weak: SandboxHost;
  beforeAll(async () => {
    sound = await startSandboxHost({ warm: 0 });
    weak = await startSandboxHost({ warm: 0, cgroups: cgroupsWithoutMemory() });
  });
  afterAll(async () => {
    await sound.stop();
    await weak.stop();
  });

  it('finds a sound host sound', async () => {
    const report = await probe(sound.engine, sound.imageEnvironment);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.checks.length).toBeGreaterThan(40);
  });

  it('finds a host whose memory is not bounded, and says so with the remedy', async () => {
    const report = await probe(weak.engine, weak.imageEnvironment);
    expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['memory']);
    expect(describeFailure(report)).toMatch(
      /^This host does not isolate runs: memory \(a program went beyond 128 MiB of memory\)\. Nothing is served\. Run /,
    );
  });

  it('finds an environment that tells of the host', async () => {
    const report = await probe(sound.engine, {});
    expect(report.ok).toBe(false);
    expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toContain('environment');
  });
});
