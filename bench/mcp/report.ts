import { describeMachine, type Machine } from '../measure/machine.ts';
import { table } from '../measure/table.ts';
import type { JobReport } from './measure-jobs.ts';
import type { SessionsReport } from './measure-sessions.ts';

export interface McpReport {
  readonly bench: 'mcp';
  readonly machine: Machine;
  readonly jobs: readonly JobReport[];
  readonly ratios: readonly Ratio[];
  readonly sessions: SessionsReport;
}

/** How long Causeway takes for `tools/list`, in times of a server that asks nobody who they are. */
export interface Ratio {
  readonly beside: string;
  readonly revision: string;
  readonly clients: number;
  readonly p50: number;
  readonly cpu: number;
}

/** Compares the first server with each of the others, where they do the same job. */
export function compare(jobs: readonly JobReport[]): Ratio[] {
  const [{ subject: ours } = { subject: '' }] = jobs;
  return jobs.flatMap((theirs) => {
    const own = jobs.find(
      ({ subject, revision, job, clients }) =>
        subject === ours && revision === theirs.revision && job === theirs.job && clients === theirs.clients,
    );
    if (theirs.subject === ours || own === undefined) return [];
    return {
      beside: theirs.subject,
      revision: theirs.revision,
      clients: theirs.clients,
      p50: own.p50Ms / theirs.p50Ms,
      cpu: own.cpuUs / theirs.cpuUs,
    };
  });
}

export function printMcp({ jobs, ratios, sessions, machine }: McpReport): string {
  const measured = table(
    ['server', 'revision', 'job', 'clients', 'jobs/s', 'p50 ms', 'p99 ms', 'bytes', 'CPU us', 'lost'],
    [...jobs]
      .sort((left, right) => left.subject.localeCompare(right.subject) || left.job.localeCompare(right.job))
      .map(({ subject, revision, job, clients, perSecond, p50Ms, p99Ms, bytes, cpuUs, lost }) => [
        subject,
        revision,
        job,
        clients,
        perSecond,
        p50Ms,
        p99Ms,
        bytes,
        cpuUs,
        lost,
      ]),
  );
  const compared = table(
    ['tools/list takes, in times of', 'revision', 'clients', 'p50', 'CPU'],
    ratios.map(({ beside, revision, clients, p50, cpu }) => [beside, revision, clients, p50, cpu]),
  );
  const kept = table(
    ['sessions with state', 'KiB awake', 'KiB of the next', 'KiB disk', 'lost by a restart'],
    [[`${sessions.sessions}`, sessions.awakeKib, sessions.nextKib, sessions.diskKib, sessions.lost]],
  );
  return [measured, compared, kept, describeMachine(machine)].join('\n\n');
}
