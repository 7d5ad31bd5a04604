import { describeMachine, type Machine } from '../measure/machine.ts';
import { rounded } from '../measure/quantiles.ts';
import { table } from '../measure/table.ts';
import type { PartDisk } from './measure-disk.ts';
import type { PartMemory } from './measure-memory.ts';

export interface MemoryReport {
  readonly bench: 'memory';
  readonly machine: Machine;
  readonly memory: readonly PartMemory[];
  readonly totalOwnMib: number;
  readonly totalPssMib: number;
  readonly disk: readonly PartDisk[];
}

export function reportMemory(
  memory: readonly PartMemory[],
  disk: readonly PartDisk[],
  machine: Machine,
): MemoryReport {
  const sum = (read: (part: PartMemory) => number) =>
    rounded(memory.reduce((total, part) => total + read(part), 0));
  const totalOwnMib = sum(({ ownMib }) => ownMib);
  const totalPssMib = sum(({ pssMib }) => pssMib);
  return { bench: 'memory', machine, memory, totalOwnMib, totalPssMib, disk };
}

export function printMemory({ memory, totalOwnMib, totalPssMib, disk, machine }: MemoryReport): string {
  return [
    table(
      ['memory at rest, MiB', 'processes', 'own', 'PSS', 'RSS'],
      [
        ...memory.map(({ part, processes, ownMib, pssMib, rssMib }) => [
          part,
          processes,
          ownMib,
          pssMib,
          rssMib,
        ]),
        ['together', memory.reduce((sum, { processes }) => sum + processes, 0), totalOwnMib, totalPssMib, ''],
      ],
    ),
    table(
      ['disk, MiB', 'allocated'],
      disk.map(({ part, mib }) => [part, mib]),
    ),
    `own: memory that only this part holds. PSS: with its share of files that are mapped (program text, which the kernel can
drop and read again); it adds up. RSS counts what is shared in each process.`,
    describeMachine(machine),
  ].join('\n\n');
}
