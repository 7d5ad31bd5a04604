import type { TargetReport } from '../load/measure-targets.ts';
import { describeMachine, type Machine } from '../measure/machine.ts';
import { table } from '../measure/table.ts';
import type { FloodReport } from './flood-logins.ts';

export interface IdentityReport {
  readonly bench: 'identity';
  readonly machine: Machine;
  readonly targets: readonly TargetReport[];
  readonly floods: readonly FloodReport[];
}

export function printIdentity({ targets, floods, machine }: IdentityReport): string {
  const concurrencies = [...new Set(targets.map(({ concurrency }) => concurrency))];
  const tables = concurrencies.map((concurrency) => {
    const shown = targets.filter((target) => target.concurrency === concurrency);
    const [signature] = shown;
    return table(
      [
        `${concurrency} at a time`,
        'op/s',
        'p50 ms',
        'of ES256',
        'p95 ms',
        'p99 ms',
        'CPU us: own',
        'postgres-http',
        'postgres',
      ],
      shown.map(({ name, requestsPerSecond, p50Ms, p95Ms, p99Ms, cpuUs }) => [
        name,
        requestsPerSecond,
        p50Ms,
        `${(p50Ms / (signature?.p50Ms ?? Number.NaN)).toFixed(1)} x`,
        p95Ms,
        p99Ms,
        cpuUs.own,
        cpuUs.postgresHttp,
        cpuUs.postgres,
      ]),
    );
  });
  const memory = table(
    ['logins at once', 'signed in', 'told busy', 'seconds', 'Worker MiB before', 'peak', 'after'],
    floods.map((flood) => [
      `${flood.logins}`,
      flood.signedIn,
      flood.busy,
      flood.seconds,
      flood.beforeMib,
      flood.peakMib,
      flood.afterMib,
    ]),
  );
  return [
    ...tables,
    memory,
    `Each figure of an operation is the median of the rounds; "of ES256" is its p50 beside that of a bare signature verification in
the same run. No limit is lifted: credentials, people and addresses take turns. Memory is resident (VmRSS), sampled every 10 ms.`,
    describeMachine(machine),
  ].join('\n\n');
}
