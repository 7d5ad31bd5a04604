import type { EngineName } from '../choose-engine.ts';
import { type Layout, programOf, UNIT } from './layout.ts';

/** A run's longest wall time, 300 s, and what comes after it: harvest, uploads, the record. */
const DRAIN_SECONDS_MAX = 420;

/**
 * What the daemon needs of root's power, and nothing else: found by taking each away and running the tests of sandboxes
 * (decision 0189). CAP_SETFCAP is what the kernel asks of who maps root into a user namespace, as runsc does.
 */
const CAPABILITIES = ['CAP_DAC_OVERRIDE', 'CAP_SETFCAP', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SYS_ADMIN'];

/**
 * Directives that give a service mounts of its own. Under gVisor alone nobody else has to see what the daemon mounts; a
 * Docker daemon binds those folders into its containers and would find them empty.
 */
const WITH_OWN_MOUNTS = (layout: Layout): string => `
# The system is read-only but for its state, its cache, and the cgroups that it makes. /proc stays whole (no
# ProtectKernelTunables, ProtectKernelLogs, ProtectProc): runsc mounts a proc of its own in a user namespace, which the
# kernel refuses where parts of the visible one are covered.
ProtectSystem=strict
ReadWritePaths=${layout.stateDir} ${layout.cacheDir} /sys/fs/cgroup
ProtectHome=yes
PrivateTmp=yes
ProtectKernelModules=yes
`;

/** The systemd unit of an installed executor (systemd.exec(5), systemd.kill(5)). Pure. */
export function unitText(layout: Layout, engine: EngineName): string {
  const { node, daemon } = programOf(layout.current);
  const isDocker = engine !== 'gvisor';
  return `# Made by \`causeway-executor join\`, which makes it anew; put changes into a drop-in: systemctl edit ${UNIT}
[Unit]
Description=Causeway executor: runs models in single-use sandboxes
Wants=network-online.target
After=network-online.target${isDocker ? ' docker.service\nRequires=docker.service' : ''}
# A host that cannot isolate refuses to serve: it is tried again now and then, not all the time.
StartLimitIntervalSec=10min
StartLimitBurst=10

[Service]
Type=exec
# The daemon says how it stands to \`systemctl status\`, by a process of its own (systemd-notify).
NotifyAccess=all
ExecStart=${node} --disable-warning=ExperimentalWarning --disable-sigusr1 ${daemon} --config ${layout.settingsFile}
Restart=on-failure
RestartSec=5s
# What a killed daemon left of its sandboxes goes at once, not at its next start.
ExecStopPost=-${node} --disable-warning=ExperimentalWarning ${daemon} --config ${layout.settingsFile} --sweep

# A stop lets its runs end: the daemon alone is told, and whatever is left after the longest run is killed.
KillSignal=SIGUSR2
KillMode=mixed
TimeoutStopSec=${DRAIN_SECONDS_MAX}
TimeoutStartSec=infinity

# It is root, because cgroups, mounts and runsc's user namespaces are root's to make, with these powers of root alone. No User=root says
# so: with NoNewPrivileges it has systemd 257 set up a process whose children may make no user namespace.
CapabilityBoundingSet=${CAPABILITIES.join(' ')}
NoNewPrivileges=yes
# Each run gets a cgroup below this one.
Delegate=yes
OOMPolicy=continue
OOMScoreAdjust=-500
TasksMax=infinity
LimitNOFILE=65536
UMask=0022

# Not restricted: namespaces, of which each sandbox has its own; memory that is written and executed, which node's and
# gVisor's machine code are; @mount, @process, @privileged calls.
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
# It dials out over IP, keeps local sockets, and runsc asks netlink about the one loopback of a sandbox.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
KeyringMode=private
${isDocker ? '\n# No directive that gives it mounts of its own: Docker binds the folders that it mounts.\n' : WITH_OWN_MOUNTS(layout)}
[Install]
WantedBy=multi-user.target
`;
}
