import { describeMachine, type Machine } from '../measure/machine.ts';
import { rounded } from '../measure/quantiles.ts';
import { table } from '../measure/table.ts';
import type { PartDisk } from './measure-disk.ts';
import type { PartMemory } from './measure-memory.ts';

export interface MemoryReport {
  readonly bench: 'memory';
  readonly machine: Machine;
  readonly memory: readonly PartMemory[];
  readonly totalPssMib: number;
  readonly disk: readonly PartDisk[];
}

export function reportMemory(
  memory: readonly PartMemory[],
  disk: readonly PartDisk[],
  machine: Machine,
): MemoryReport {
  const totalPssMib = rounded(memory.reduce((sum, { pssMib }) => sum + pssMib, 0));
  return { bench: 'memory', machine, memory, totalPssMib, disk };
}

export function printMemory({ memory, totalPssMib, disk, machine }: MemoryReport): string {
  return [
    table(
      ['memory at rest, MiB', 'processes', 'PSS', 'RSS'],
      [
        ...memory.map(({ part, processes, pssMib, rssMib }) => [part, processes, pssMib, rssMib]),
        ['together', memory.reduce((sum, { processes }) => sum + processes, 0), totalPssMib, ''],
      ],
    ),
    table(
      ['disk, MiB', 'allocated'],
      disk.map(({ part, mib }) => [part, mib]),
    ),
    'PSS counts a page that several processes share once among them, so it adds up; RSS does not.',
    describeMachine(machine),
  ].join('\n\n');
}
