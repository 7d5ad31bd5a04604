import { runCommand } from '../../infra/sandbox-image/run-command.ts';
import { snakeCaseJson } from '../../protocol/snake-case-json.ts';
import { askDaemon, type DaemonStatus } from '../control.ts';
import { standingText } from '../standing.ts';
import type { HostOptions } from './commands.ts';
import { findInstalled } from './installed.ts';
import { UNIT } from './layout.ts';

const TIMEOUT_MS = 10_000;

/** `status`: what the daemon says of itself, and the service manager of it. */
export async function showStatus(options: HostOptions): Promise<void> {
  const { config } = await findInstalled(options);
  const [daemon, service] = await Promise.all([askDaemon(config.stateDir, 'status'), serviceState()]);
  if (daemon?.connected !== true) process.exitCode = 1;
  if (options.json) {
    process.stdout.write(`${snakeCaseJson({ running: daemon !== null, service, ...daemon })}\n`);
    return;
  }
  process.stdout.write(`${daemon === null ? stoppedText(service) : statusText(daemon, service)}\n`);
}

/** `active`, `inactive`, `failed`, ...; null where systemd has no such service. */
async function serviceState(): Promise<string | null> {
  const asked = await runCommand('systemctl', ['is-active', UNIT], { timeoutMs: TIMEOUT_MS });
  const state = asked.stdout.trim();
  return asked.failure !== undefined || state === '' ? null : state;
}

/** For a person. Pure. */
export function statusText(daemon: DaemonStatus, service: string | null): string {
  const rows = [
    ['executor', `${daemon.executor} of pool ${daemon.pool}`],
    ['state', standingText(daemon)],
    ['deployment', daemon.url],
    ['runs', `${daemon.runs} of ${daemon.slots} slots`],
    ['engine', `${daemon.engine} ${daemon.engine_version}`],
    ['image', daemon.image],
    ['version', daemon.version],
    ...(daemon.key_days === null ? [] : [['key', `${daemon.key_days} days old`]]),
    ['process', `${daemon.pid}${service === null ? '' : `, service ${service}`}`],
  ];
  return rows.map(([name, value]) => `${name?.padEnd(11)} ${value}`).join('\n');
}

function stoppedText(service: string | null): string {
  return service === null
    ? 'The executor of this host is not running, and systemd has no service of it: start the command that join printed, or its container.'
    : `The executor of this host is not running; its service is ${service}. causeway-executor logs says why; systemctl start ${UNIT} starts it.`;
}
