import {
  HOST_NAME,
  type InsideParts,
  insideOf,
  MASKED_PATHS,
  READONLY_PATHS,
  SANDBOX_GID,
  SANDBOX_UID,
  SHARED_MEMORY_BYTES_MAX,
} from './inside.ts';
import { seccompProfile } from './seccomp.ts';

/** The kernel's own files on machine and devices: native bundles mount no /sys, and Docker always does. */
const MASKED_BESIDE = ['/sys', '/proc/interrupts'];

export interface DockerSpecParts extends InsideParts {
  readonly runtime: string;
  /** Id of the imported image, which names its content. */
  readonly imageId: string;
  /** Files that Docker would write itself, with names and resolvers of the host in them. */
  readonly etcDir: string;
  /** Path of the sandbox's cgroup, below the root of each hierarchy. */
  readonly cgroupPath: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether RLIMIT_NPROC counts the processes of this sandbox alone. */
  readonly countsProcessesInside: boolean;
}

/**
 * The body of `POST /containers/create` (Docker Engine API 1.41): the container of `bundle.ts` in Docker's words. Docker has
 * no word for `noexec`, `nosuid` and `nodev` on a bind: /outputs and /tmp carry them from the host's tmpfs, files in the
 * others have no bit for execution, and nothing gains privileges.
 */
export function dockerSpec(parts: DockerSpecParts) {
  const inside = insideOf(parts);
  const binds = [
    ...inside.binds,
    ...['hosts', 'hostname', 'resolv.conf'].map((name) => ({
      source: `${parts.etcDir}/${name}`,
      destination: `/etc/${name}`,
      isWritable: false,
    })),
  ];
  const rlimits = inside.rlimits.filter(({ name }) => name !== 'nproc' || parts.countsProcessesInside);
  return {
    Image: parts.imageId,
    Hostname: HOST_NAME,
    User: `${SANDBOX_UID}:${SANDBOX_GID}`,
    WorkingDir: inside.workingDir,
    Entrypoint: inside.args,
    // A name without a value takes away what Docker would add.
    Env: [...inside.environment, 'HOSTNAME'],
    Labels: parts.labels,
    NetworkDisabled: true,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    HostConfig: {
      Runtime: parts.runtime,
      NetworkMode: 'none',
      IpcMode: 'private',
      CgroupnsMode: 'private',
      CgroupParent: `/${parts.cgroupPath}`,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', `seccomp=${JSON.stringify(seccompProfile())}`],
      ShmSize: SHARED_MEMORY_BYTES_MAX,
      Ulimits: rlimits.map(({ name, value }) => ({ Name: name, Soft: value, Hard: value })),
      Mounts: binds.map(({ source, destination, isWritable }) => ({
        Type: 'bind',
        Source: source,
        Target: destination,
        ReadOnly: !isWritable,
        BindOptions: { Propagation: 'rprivate' },
      })),
      MaskedPaths: [...MASKED_PATHS, ...MASKED_BESIDE],
      ReadonlyPaths: READONLY_PATHS,
      LogConfig: { Type: 'none' },
      RestartPolicy: { Name: 'no' },
    },
  };
}
