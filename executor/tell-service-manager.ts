import { execFile } from 'node:child_process';
import type { Log } from './log.ts';

const TIMEOUT_MS = 10_000;

/**
 * Says how the daemon stands to the systemd that started it and listens at `notifySocket` (sd_notify(3)): `systemctl
 * status` shows it. By systemd's own program, since Node has no datagram sockets with a path. Of the texts that come
 * while it runs only the last is passed on.
 */
export function tellServiceManager(notifySocket: string | undefined, log: Log): (standing: string) => void {
  let said = '';
  let wanted = '';
  let isSaying = false;
  const say = (): void => {
    if (isSaying || wanted === said || notifySocket === undefined) return;
    isSaying = true;
    const standing = wanted;
    const env = { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: notifySocket };
    execFile('systemd-notify', [`--status=${standing}`], { env, timeout: TIMEOUT_MS }, (error) => {
      isSaying = false;
      said = standing;
      if (error !== null) log('warn', 'systemd could not be told', { reason: error.message });
      say();
    });
  };
  return (standing) => {
    wanted = standing;
    say();
  };
}
