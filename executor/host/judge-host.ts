import type { EngineChoice } from '../choose-engine.ts';

const GIB = 1024 ** 3;

/** A run of default size, the daemon, and the system beside them. */
const MEMORY_BYTES_MIN = 1 * GIB;
/** gVisor's systrap platform asks for it. */
const KERNEL_MIN = [4, 15] as const;
const RELEASE_MIN: Readonly<Record<string, number>> = { debian: 12, ubuntu: 22.04 };
/** A proof is good for 60 s; the daemon learns the server's clock, but nothing else of this host would. */
const CLOCK_SKEW_SECONDS_MAX = 30;

/** What the address answered that the executor is to dial. */
export type ServerSeen =
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'redirects'; readonly to: string }
  /** `skewSeconds`: how far this host's clock is ahead; null where the answer had no date. */
  | { readonly kind: 'answers'; readonly status: number; readonly skewSeconds: number | null };

/** What was seen of a host; `look-at-host.ts` reads it and nothing here changes it. */
export interface HostFacts {
  readonly platform: string;
  readonly architecture: string;
  readonly uid: number;
  /** `ID` and `VERSION_ID` of os-release(5). */
  readonly system: { readonly id: string; readonly version: string };
  readonly kernel: string;
  readonly hasSystemd: boolean;
  /** Null where no hierarchy is mounted. */
  readonly cgroups: { readonly version: 1 | 2; readonly missing: readonly string[] } | null;
  readonly memoryBytes: number;
  readonly disks: readonly {
    readonly dir: string;
    readonly freeBytes: number;
    readonly neededBytes: number;
  }[];
  /** Programs of {@link PROGRAM_PACKAGES} that are not on this host. */
  readonly missing: readonly Program[];
  /** Whether the host's apt, or CAUSEWAY_DEBIAN_MIRROR, names a Debian archive. */
  readonly hasDebianArchive: boolean;
  readonly hasDockerSocket: boolean;
  /** Whether image and gVisor are in the cache already. */
  readonly isProvisioned: boolean;
  readonly isRegistered: boolean;
  readonly server: ServerSeen;
}

/** What is asked for. */
export interface JoinWish {
  readonly url: string;
  readonly engine: EngineChoice;
  readonly hasToken: boolean;
  /** Whether a key is named whose signature of the sandbox image counts. */
  readonly trustsKey: boolean;
  /** Whether the service is to be installed and started. */
  readonly start: boolean;
}

/** What a host may lack, and the package of Debian and Ubuntu that has it. */
export const PROGRAM_PACKAGES = {
  mount: 'mount',
  umount: 'mount',
  setpriv: 'util-linux',
  flock: 'util-linux',
  mkfifo: 'coreutils',
  tar: 'tar',
  'dpkg-deb': 'dpkg',
  python3: 'python3',
  pip: 'python3-pip',
  'Debian keyring': 'debian-archive-keyring',
  'CA certificates': 'ca-certificates',
  docker: 'docker.io',
} as const;
export type Program = keyof typeof PROGRAM_PACKAGES;

/** What only provisioning needs: a host whose cache is full already does without. */
const FOR_PROVISIONING: readonly Program[] = ['python3', 'pip', 'Debian keyring', 'flock', 'tar', 'dpkg-deb'];

export interface HostFault {
  readonly what: string;
  readonly remedy: string;
}

/** Packages to install with apt before anything else. Pure. */
export function packagesFor(facts: HostFacts, wish: JoinWish): readonly string[] {
  const isNeeded = (program: Program): boolean =>
    program === 'docker'
      ? wish.engine.startsWith('docker') && !facts.hasDockerSocket
      : !(facts.isProvisioned && FOR_PROVISIONING.includes(program));
  return [...new Set(facts.missing.filter(isNeeded).map((program) => PROGRAM_PACKAGES[program]))].sort();
}

/** Why an executor cannot be installed here, everything at once, each with what to do. Pure. */
export function judgeHost(facts: HostFacts, wish: JoinWish): readonly HostFault[] {
  return [
    ...judgeMachine(facts),
    ...judgeSystem(facts, wish),
    ...judgeRoom(facts),
    ...judgeServer(facts.server, wish.url),
    ...judgeTrust(facts, wish),
  ];
}

function judgeMachine({ platform, architecture, uid, kernel, cgroups }: HostFacts): HostFault[] {
  return [
    fault(platform !== 'linux' || architecture !== 'x64', {
      what: `this host is ${platform} ${architecture}, and executors run on Linux x86-64`,
      remedy: 'use a Linux x86-64 virtual machine',
    }),
    fault(uid !== 0, {
      what: 'this is not root, and only root can bound what a run uses (cgroups, mounts)',
      remedy: 'start the command with sudo',
    }),
    fault(isOlder(kernel, KERNEL_MIN), {
      what: `the kernel is ${kernel}, and gVisor needs ${KERNEL_MIN.join('.')} or newer`,
      remedy: 'update the system',
    }),
    fault(cgroups === null, {
      what: 'no cgroup hierarchy is mounted, so that nothing would bound a run',
      remedy: 'boot with systemd, or mount cgroup2 at /sys/fs/cgroup',
    }),
    fault((cgroups?.missing.length ?? 0) > 0, {
      what: `cgroup v${cgroups?.version} lacks ${cgroups?.missing.join(', ')}, so that nothing would bound a run`,
      remedy: 'boot without cgroup_disable=, and in a container give it the cgroups of the host',
    }),
  ].flat();
}

function judgeSystem(facts: HostFacts, wish: JoinWish): HostFault[] {
  const { system, hasSystemd, isProvisioned, hasDebianArchive } = facts;
  const minimum = RELEASE_MIN[system.id];
  const isSupported = minimum !== undefined && Number.parseFloat(system.version) >= minimum;
  return [
    fault(!isSupported, {
      what: `the system is ${system.id} ${system.version}; Debian 12 or 13 and Ubuntu 22.04 or newer are supported`,
      remedy: 'use one of these, or the container image of infra/executor-host/',
    }),
    fault(isSupported && !isProvisioned && !hasDebianArchive, {
      what: 'the apt of this host names no Debian archive, from which gVisor and the base of the sandbox image come',
      remedy:
        'name a mirror of Debian in CAUSEWAY_DEBIAN_MIRROR, or bring image and gVisor along: ./causeway executor bundle --with-image',
    }),
    fault(wish.start && !hasSystemd, {
      what: 'systemd does not run here, so that no service can be installed',
      remedy: 'say --no-start, and start the command that is printed by other means',
    }),
  ].flat();
}

function judgeRoom({ memoryBytes, disks }: HostFacts): HostFault[] {
  const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
  return [
    ...fault(memoryBytes < MEMORY_BYTES_MIN * 0.9, {
      what: `the host has ${gib(memoryBytes)} of memory; ${gib(MEMORY_BYTES_MIN)} is the least for one run at a time`,
      remedy: 'use a larger machine: 0.75 GiB a slot is comfortable',
    }),
    ...disks.flatMap(({ dir, freeBytes, neededBytes }) =>
      fault(freeBytes < neededBytes, {
        what: `${dir} has ${gib(freeBytes)} left and needs ${gib(neededBytes)}`,
        remedy: 'make room there, or mount a larger disk',
      }),
    ),
  ];
}

function judgeServer(server: ServerSeen, url: string): HostFault[] {
  switch (server.kind) {
    case 'unreachable':
      return [
        {
          what: `${url} cannot be reached (${server.reason})`,
          remedy: 'let this host dial out to port 443 of it, and check name and proxy',
        },
      ];
    case 'redirects':
      return [
        {
          what: `${url} sends elsewhere, to ${server.to}, and a join token follows no redirect`,
          remedy: 'give --url as PUBLIC_URL of the deployment has it',
        },
      ];
    case 'answers':
      return [
        ...fault(server.status !== 200, {
          what: `${url} answers ${server.status} at /healthz, so it takes no executor now`,
          remedy: `see what it lacks: ./causeway doctor --url ${url}`,
        }),
        ...fault(Math.abs(server.skewSeconds ?? 0) > CLOCK_SKEW_SECONDS_MAX, {
          what: `the clock of this host is ${Math.abs(server.skewSeconds ?? 0)} s ${(server.skewSeconds ?? 0) > 0 ? 'ahead of' : 'behind'} the server's`,
          remedy: 'set it, and keep it set: apt-get install systemd-timesyncd (or chrony)',
        }),
      ];
  }
}

function judgeTrust({ isRegistered }: HostFacts, { hasToken, trustsKey }: JoinWish): HostFault[] {
  return [
    fault(!isRegistered && !hasToken, {
      what: 'this host is not registered, and no join token was given',
      remedy:
        'make one on the operator’s machine, ./causeway executor join-token, and give it by --token-file',
    }),
    fault(!trustsKey, {
      what: 'no key is trusted to sign the sandbox image, and no other image is run',
      remedy: 'give the public key that ./causeway image key printed, by --image-key',
    }),
  ].flat();
}

function fault(holds: boolean, found: HostFault): HostFault[] {
  return holds ? [found] : [];
}

function isOlder(kernel: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
