import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const GRACE_MS = 15_000;
const POLL_MS = 20;

/** Ends a process group: SIGTERM, then SIGKILL after 15 s. Resolves when nobody in it runs. */
export async function endGroup(group: number): Promise<void> {
  signalGroup(group, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (isGroupAlive(group)) {
    if (Date.now() > deadline) signalGroup(group, 'SIGKILL');
    await delay(POLL_MS);
  }
}

function isGroupAlive(group: number): boolean {
  return signalGroup(group, 0) && hasRunningMember(group);
}

/** False when nobody is left in the group, not even a zombie. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Zombies count as ended: in a container whose first process reaps nobody, they stay for ever. */
function hasRunningMember(group: number): boolean {
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const stat = readStat(entry);
    return stat !== null && stat.group === group && stat.state !== 'Z';
  });
}

function readStat(pid: string): { state: string; group: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold blanks and parentheses (proc(5)): fields are counted after the last one.
    const [state = '', , group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, group: Number(group) };
  } catch {
    return null;
  }
}
