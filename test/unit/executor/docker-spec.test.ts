import { describe, expect, it } from 'vitest';
import { ociSpec } from '../../../executor/sandbox/bundle.ts';
import { dockerSpec } from '../../../executor/sandbox/docker-spec.ts';
import { foldersUnder } from '../../../executor/sandbox/mounts.ts';
import { seccompProfile } from '../../../executor/sandbox/seccomp.ts';
import { WARM_SPEC } from '../../../executor/sandbox-plan.ts';

const inside = {
  folders: foldersUnder('/state/one'),
  python: '/usr/bin/python3',
  harness: 'pass',
  imageEnvironment: { PATH: '/usr/bin' },
  cgroupPath: 'causeway-x/one',
  spec: WARM_SPEC,
};
const docker = (countsProcessesInside: boolean) =>
  dockerSpec({
    ...inside,
    runtime: 'runsc',
    imageId: 'sha256:0',
    etcDir: '/state/etc',
    labels: { 'causeway.executor': 'x' },
    countsProcessesInside,
  });

describe("Docker's container of a sandbox", () => {
  const { HostConfig, ...config } = docker(true);
  const oci = ociSpec({ ...inside, rootfsDir: '/images/rootfs' });

  it('is the same program, user and folders as the OCI bundle', () => {
    expect(config.Entrypoint).toEqual(oci.process.args);
    expect(config.User).toBe(`${oci.process.user.uid}:${oci.process.user.gid}`);
    expect(config.Hostname).toBe(oci.hostname);
    const binds = oci.mounts.filter(({ type }) => type === 'bind');
    expect(HostConfig.Mounts.slice(0, binds.length)).toEqual(
      binds.map(({ source, destination, options }) =>
        expect.objectContaining({ Source: source, Target: destination, ReadOnly: options.includes('ro') }),
      ),
    );
  });

  it('has the same environment, and takes away the name that Docker adds', () => {
    expect(config.Env).toEqual([...oci.process.env, 'HOSTNAME']);
  });

  it('has the same filter of system calls, from one source', () => {
    const [noNewPrivileges, seccomp] = HostConfig.SecurityOpt;
    expect(noNewPrivileges).toBe('no-new-privileges');
    expect(JSON.parse(seccomp?.replace('seccomp=', '') ?? '')).toEqual(seccompProfile());
    expect(oci.linux.seccomp).toEqual(seccompProfile());
  });

  it('has no capability, no network, no writable root and no files of the host in /etc', () => {
    expect(HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      IpcMode: 'private',
      CgroupParent: '/causeway-x/one',
    });
    const covered = HostConfig.Mounts.map(({ Target }) => Target);
    expect(covered).toEqual(expect.arrayContaining(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']));
    expect(HostConfig.MaskedPaths).toEqual(expect.arrayContaining(['/sys', ...oci.linux.maskedPaths]));
  });

  it('has the rlimits of the bundle, but that of processes where Linux would count them over the host', () => {
    const names = (spec: ReturnType<typeof docker>) => spec.HostConfig.Ulimits.map(({ Name }) => Name);
    expect(names(docker(true))).toEqual(['nproc', 'nofile', 'stack', 'core', 'memlock', 'fsize']);
    expect(names(docker(false))).toEqual(['nofile', 'stack', 'core', 'memlock', 'fsize']);
  });
});
