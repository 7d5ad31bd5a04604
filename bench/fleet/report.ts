import { describeMachine, type Machine } from '../measure/machine.ts';
import { table } from '../measure/table.ts';
import type { Played } from './play-scenario.ts';

export interface FleetReport {
  readonly bench: 'fleet';
  readonly machine: Machine;
  readonly scenarios: readonly Played[];
}

export function printFleet({ scenarios, machine }: FleetReport): string {
  const delays = table(
    [
      'delay until an executor has the job, ms',
      'hosts',
      'runs/s',
      'runs',
      'attempts',
      'open',
      'p50',
      'p95',
      'p99',
      'max',
    ],
    scenarios.map(({ scenario, runs, attempts, unfinished, delayMs }) => [
      scenario.name,
      scenario.executors,
      scenario.runsPerSecond,
      runs,
      attempts,
      unfinished,
      delayMs.p50,
      delayMs.p95,
      delayMs.p99,
      delayMs.max,
    ]),
  );
  const floods = table(
    ['beside a flood, ms', 'runs', 'p50', 'p95', 'p99', 'max'],
    scenarios.flatMap(({ flood }) =>
      flood === null
        ? []
        : (['others', 'flooder'] as const).map((who) => {
            const { count, p50, p95, p99, max } = flood[who];
            return [who, count, p50, p95, p99, max];
          }),
    ),
  );
  const load = table(
    ['the pool object', 'hosts', 'messages/s', 'CPU us a message', 'share of a core'],
    scenarios.map(({ scenario, messagesPerSecond, cpuUsPerMessage, share }) => [
      scenario.name,
      scenario.executors,
      messagesPerSecond,
      cpuUsPerMessage,
      share,
    ]),
  );
  return [delays, floods, load, describeMachine(machine)].join('\n\n');
}
