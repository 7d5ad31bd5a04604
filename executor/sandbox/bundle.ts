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

export interface BundleParts extends InsideParts {
  readonly rootfsDir: string;
  /** Path of the sandbox's cgroup, relative to the executor's own. */
  readonly cgroupPath: string;
}

/**
 * The OCI runtime specification (1.0.2) of one sandbox: a read-only root, a user without any privilege, no device of
 * the network but loopback, and five folders of the host. Limits of CPU, memory and processes are in the cgroup, which
 * the executor makes beforehand.
 */
export function ociSpec(parts: BundleParts) {
  const inside = insideOf(parts);
  const none: string[] = [];
  return {
    ociVersion: '1.0.2',
    hostname: HOST_NAME,
    process: {
      terminal: false,
      user: { uid: SANDBOX_UID, gid: SANDBOX_GID, additionalGids: [] },
      args: inside.args,
      env: inside.environment,
      cwd: inside.workingDir,
      noNewPrivileges: true,
      capabilities: { bounding: none, effective: none, permitted: none, inheritable: none, ambient: none },
      rlimits: inside.rlimits.map(({ name, value }) => ({
        type: `RLIMIT_${name.toUpperCase()}`,
        soft: value,
        hard: value,
      })),
    },
    root: { path: parts.rootfsDir, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'noexec', 'mode=755', 'size=64k'],
      },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${SHARED_MEMORY_BYTES_MAX}`],
      },
      ...inside.binds.map(({ source, destination, isWritable, isExecutable }) => ({
        destination,
        type: 'bind',
        source,
        options: ['bind', 'nosuid', 'nodev', isWritable ? 'rw' : 'ro', ...(isExecutable ? [] : ['noexec'])],
      })),
    ],
    linux: {
      cgroupsPath: parts.cgroupPath,
      namespaces: [{ type: 'pid' }, { type: 'network' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }],
      seccomp: seccompProfile(),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}
