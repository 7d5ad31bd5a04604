import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { HostOptions } from './commands.ts';
import { exists } from './exists.ts';
import { HostProblem } from './host-problem.ts';
import { findInstalled } from './installed.ts';
import { UNIT } from './layout.ts';

export interface LogOptions extends HostOptions {
  readonly follow?: true;
  readonly lines: string;
}

/** `logs`: one JSON object a line, as the daemon writes them. */
export async function showLogs(options: LogOptions): Promise<void> {
  const { layout } = await findInstalled(options);
  if (!(await exists(layout.unitFile)))
    throw new HostProblem({
      what: 'The executor of this host keeps no log of its own.',
      why: 'it was installed without a service, and writes to the stderr of whoever starts it',
      remedy: 'look where that goes, as `docker logs` for a container',
    });
  const args = ['--unit', UNIT, '--output', 'cat', '--lines', options.lines];
  const child = spawn('journalctl', [...args, ...(options.follow ? ['--follow'] : [])], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 0;
}
