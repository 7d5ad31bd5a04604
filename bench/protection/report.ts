import { describeMachine, type Machine } from '../measure/machine.ts';
import { table } from '../measure/table.ts';
import type { Share, ToolCost } from './compare-builds.ts';
import { CALLERS } from './measure-cost.ts';
import type { Envelopes } from './measure-envelopes.ts';
import type { Neighbour } from './measure-neighbour.ts';
import type { Proving } from './measure-proving.ts';
import type { Rows } from './measure-rows.ts';
import type { Sealing } from './measure-sealing.ts';

export interface ProtectionReport {
  readonly bench: 'protection';
  readonly machine: Machine;
  readonly costs: readonly ToolCost[];
  readonly neighbour: Neighbour;
  readonly sealing: Sealing;
  readonly proving: readonly Proving[];
  readonly envelopes: Envelopes;
  readonly rows: Rows;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

export function printProtection(report: ProtectionReport): string {
  return [
    printCosts(report.costs),
    printNeighbour(report.neighbour),
    printData(report),
    describeMachine(report.machine),
  ].join('\n\n');
}

export function printCosts(costs: readonly ToolCost[]): string {
  return [
    ...costs.map(({ tool, builds }) =>
      table(
        [
          ...[tool, 'processes'],
          ...['one at a time: p50 ms', 'saved'],
          ...[`${CALLERS} at once: ms a call`, 'saved'],
          ...['CPU us: Worker', 'postgres-http', 'Postgres', 'saved'],
          ...['instructions, k: Worker', 'postgres-http', 'Postgres', 'saved'],
        ],
        builds.map(({ build, processes, p50Ms, busyMs, cpuUs, instructions, saved }) => [
          ...[build, processes],
          ...[p50Ms, percent(saved.time.share)],
          ...[busyMs, percent(saved.busyTime.share)],
          ...[cpuUs.own, cpuUs.postgresHttp, cpuUs.postgres, percent(saved.cpu.share)],
          ...[instructions?.own, instructions?.postgresHttp, instructions?.postgres].map((k) => k ?? null),
          saved.instructions === null ? null : percent(saved.instructions.share),
        ]),
      ),
    ),
    `All four parts are ${costs.map(printShare).join('; ')} (± the standard error). Target: under 15 % of the call.`,
  ].join('\n\n');
}

function printShare({ tool, allParts: { time, busyTime, cpu, instructions } }: ToolCost): string {
  const counted = instructions === null ? '' : ` and ${withError(instructions)} of the instructions`;
  return `${withError(time)} of the time of one call of ${tool}, ${withError(busyTime)} of that of ${CALLERS} at once, ${withError(cpu)} of the CPU${counted}`;
}

const withError = ({ share, error }: Share) =>
  error === null ? percent(share) : `${Math.round(100 * share)} ± ${percent(error)}`;

export function printNeighbour(neighbour: Neighbour): string {
  return [
    table(
      ['a tenant of eight calls a second, ms', 'calls', 'p50', 'p95', 'p99'],
      (
        [
          ['at rest', neighbour.atRest],
          [`beside ${neighbour.sentPerSecond} calls a second of another`, neighbour.beside],
        ] as const
      ).map(([name, { count, p50, p95, p99 }]) => [name, count, p50, p95, p99]),
    ),
    `p99 beside a tenant that sends five times its limit (${percent(neighbour.refusedShare)} refused) is ${neighbour.p99Ratio.toFixed(2)} times that at rest; target: at most 2.`,
  ].join('\n\n');
}

function printData({
  sealing,
  proving,
  envelopes,
  rows,
}: Pick<ProtectionReport, 'sealing' | 'proving' | 'envelopes' | 'rows'>): string {
  return [
    table(
      ['audit log', 'entries', 'seconds', 'a second', 'peak MiB'],
      [
        [`sealing, ${sealing.tenants} tenants`, sealing.events, sealing.seconds, sealing.perSecond, null],
        ...proving.map(({ entries, megabytes, seconds, entriesPerSecond, peakMib }) => [
          `proving an export of ${megabytes} MB`,
          ...[entries, seconds, entriesPerSecond, peakMib],
        ]),
      ],
    ),
    table(
      ['envelopes in workerd, one after the other', 'a second'],
      [
        ['sealed', envelopes.sealedPerSecond],
        ['opened', envelopes.openedPerSecond],
      ],
    ),
    table(
      [
        `one row of ${rows.rows} by its key, whole transaction`,
        'p50 ms',
        'of none',
        'by postgres-http: p50 ms',
        'of none',
      ],
      [
        ['no protection', rows.direct.bareMs, 1, rows.throughHttp.bareMs, 1],
        [
          'row security and signed context',
          ...[rows.direct.signedMs, rows.direct.signedRatio],
          ...[rows.throughHttp.signedMs, rows.throughHttp.signedRatio],
        ],
        [
          'row security and app.enter',
          ...[rows.direct.enteredMs, rows.direct.enteredRatio],
          ...[rows.throughHttp.enteredMs, rows.throughHttp.enteredRatio],
        ],
      ],
    ),
    'Target: row security and signed context take under 1.2 times as long as none.',
  ].join('\n\n');
}
