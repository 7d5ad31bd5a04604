import type { TargetReport } from '../load/measure-targets.ts';
import { describeMachine, type Machine } from '../measure/machine.ts';
import { table } from '../measure/table.ts';
import type { Verification } from './measure-verification.ts';

export interface EdgeReport {
  readonly bench: 'edge';
  readonly machine: Machine;
  readonly targets: readonly TargetReport[];
  readonly verification: Verification;
}

export function printEdge({ targets, verification, machine }: EdgeReport): string {
  const concurrencies = [...new Set(targets.map(({ concurrency }) => concurrency))];
  const tables = concurrencies.map((concurrency) => {
    const shown = targets.filter((target) => target.concurrency === concurrency);
    const [hello] = shown;
    return table(
      [
        `${concurrency} at a time`,
        'req/s',
        'of hello',
        'p50 ms',
        'p95 ms',
        'p99 ms',
        'CPU us: own',
        'postgres-http',
        'postgres',
      ],
      shown.map(({ name, requestsPerSecond, p50Ms, p95Ms, p99Ms, cpuUs }) => [
        name,
        requestsPerSecond,
        `${Math.round((100 * requestsPerSecond) / (hello?.requestsPerSecond ?? Number.NaN))} %`,
        p50Ms,
        p95Ms,
        p99Ms,
        cpuUs.own,
        name.startsWith('postgres-http') ? '' : cpuUs.postgresHttp,
        cpuUs.postgres,
      ]),
    );
  });
  const { first, remembered } = verification;
  const verified = table(
    ['authentication, whole whoami, ms', 'calls', 'p50', 'p95', 'p99'],
    [
      ['first call of a token (argon2id)', first.count, first.p50, first.p95, first.p99],
      ['next call (remembered)', remembered.count, remembered.p50, remembered.p95, remembered.p99],
    ],
  );
  return [
    ...tables,
    verified,
    `Each figure is the median of the rounds. The load generator runs on the same machine and takes its share of it.
No limit is lifted: tokens take turns, so that each stays below 600 calls a minute.`,
    describeMachine(machine),
  ].join('\n\n');
}
