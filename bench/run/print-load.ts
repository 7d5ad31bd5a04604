import { table } from '../measure/table.ts';
import type { LoadReport } from './load.ts';

export function printLoad({ burst, restMib, sustained, volume, waiting }: LoadReport): string {
  const { perSecond, barePerSecond, seconds, share } = sustained;
  return [
    `Waiting: each of ${waiting.sandboxes} sandboxes holds ${waiting.ownMib} MiB of its own (PSS ${waiting.pssMib}); together they take ${waiting.cpuPercent} % of a core.`,
    `Sustained: ${perSecond.toFixed(2)} pandas runs a second for ${seconds} s, bare processes ${barePerSecond.toFixed(2)}: ${share === null ? 'no share, because none of them ended in time' : `${(share * 100).toFixed(0)} %`} (target 45).`,
    `Burst: ${burst.succeeded} of ${burst.submitted} runs submitted at once succeeded in ${burst.seconds.toFixed(1)} s (all accepted after ${burst.acceptedMs.toFixed(0)} ms); ` +
      `${burst.overtakers} were served before an earlier one of their tenant, while another had a run in the queue no tenant was given more than ${burst.leadMax} beyond its turns; ` +
      `MiB before and at the peak: executor ${burst.executorMib.before}, ${burst.executorMib.peak}; Worker ${burst.workerMib.before}, ${burst.workerMib.peak}.`,
    table(
      [
        'volume',
        'state',
        'MiB',
        'MiB/s',
        'daemon at rest, MiB',
        'peak, MiB',
        'beyond its rest (target < 150)',
      ],
      volume.map(({ what, state, mib, mibPerSecond, peakMib }) => [
        what,
        state,
        mib,
        mibPerSecond,
        restMib,
        peakMib,
        peakMib - restMib,
      ]),
    ),
  ].join('\n\n');
}
