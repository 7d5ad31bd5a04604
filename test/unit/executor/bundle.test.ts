import { describe, expect, it } from 'vitest';
import { ociSpec } from '../../../executor/sandbox/bundle.ts';
import { SANDBOX_GID, SANDBOX_UID } from '../../../executor/sandbox/inside.ts';
import { foldersUnder } from '../../../executor/sandbox/mounts.ts';
import { seccompProfile } from '../../../executor/sandbox/seccomp.ts';
import { WARM_SPEC } from '../../../executor/sandbox-plan.ts';

const spec = ociSpec({
  rootfsDir: '/images/rootfs',
  folders: foldersUnder('/state/one'),
  python: '/usr/bin/python3',
  harness: 'pass',
  imageEnvironment: { PATH: '/usr/bin' },
  cgroupPath: 'causeway-x/one',
  spec: WARM_SPEC,
});

describe('the OCI specification of a sandbox', () => {
  it('is a user without privileges on a read-only root', () => {
    expect(spec.root).toEqual({ path: '/images/rootfs', readonly: true });
    expect(spec.process.user).toMatchObject({ uid: SANDBOX_UID, gid: SANDBOX_GID, additionalGids: [] });
    expect(spec.process.noNewPrivileges).toBe(true);
    expect(Object.values(spec.process.capabilities).flat()).toEqual([]);
  });

  it('has its own namespaces and no path to a network', () => {
    expect(spec.linux.namespaces.map(({ type }) => type).sort()).toEqual([
      'ipc',
      'mount',
      'network',
      'pid',
      'uts',
    ]);
    expect(spec.linux.namespaces.every((namespace) => !('path' in namespace))).toBe(true);
  });

  it('can write to /outputs, /tmp and memory, and to nothing else', () => {
    const writable = spec.mounts
      .filter((mount) => !mount.options.includes('ro'))
      .map(({ destination }) => destination);
    expect(writable).toEqual(['/proc', '/dev', '/dev/shm', '/outputs', '/tmp']);
    for (const mount of spec.mounts.filter(({ type }) => type === 'bind'))
      expect(mount.options).toEqual(expect.arrayContaining(['nosuid', 'nodev']));
    for (const { destination, options } of spec.mounts.filter((mount) =>
      ['/outputs', '/tmp'].includes(mount.destination),
    ))
      expect([destination, options]).toEqual([destination, expect.arrayContaining(['noexec'])]);
  });

  it('has no variable but those of the image, the seeds and the descriptor of progress', () => {
    expect(spec.process.env.map((each) => each.split('=')[0]).sort()).toEqual([
      'CAUSEWAY_PROGRESS_FD',
      'OMP_NUM_THREADS',
      'PATH',
      'PYTHONHASHSEED',
    ]);
  });

  it('limits processes, files and core dumps by rlimit', () => {
    expect(spec.process.rlimits).toEqual(
      expect.arrayContaining([
        { type: 'RLIMIT_NPROC', soft: 256, hard: 256 },
        { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
        { type: 'RLIMIT_NOFILE', soft: 1024, hard: 1024 },
      ]),
    );
  });

  it('leaves three address families and refuses namespaces by clone', () => {
    const rules = seccompProfile().syscalls;
    const families = rules
      .filter(({ names }) => names.includes('socket'))
      .map((rule) => ('args' in rule ? rule.args[0]?.value : -1));
    expect(families).not.toContain(1);
    expect(families).not.toContain(2);
    expect(families).not.toContain(10);
    expect(families).toEqual(expect.arrayContaining([16, 17, 38, 40, 44]));
    expect(rules.filter(({ names }) => names.includes('clone'))).toHaveLength(7);
  });
});
