import { describe, expect, it } from 'vitest';
import { sizeHost } from '../../../executor/size-host.ts';

const MIB = 1024 * 1024;

describe('slots and waiting sandboxes of a host', () => {
  it.each([
    ['a roomy one: as asked, and as many waiting', 4, 16_384, 2, { slots: 4, warm: 4 }],
    ['more cores than slots: what they can serve next waits', 2, 16_384, 8, { slots: 2, warm: 8 }],
    ['memory for fewer runs than asked', 8, 2048, 2, { slots: 4, warm: 1 }],
    ['memory for the slots and little more', 2, 1024 + 250, 8, { slots: 2, warm: 2 }],
    ['memory for less than one run', 2, 256, 2, { slots: 1, warm: 1 }],
  ])('%s', (_, slotsAsked, memoryMib, cores, expected) => {
    expect(sizeHost({ slotsAsked, memoryBytes: memoryMib * MIB, cores })).toEqual(expected);
  });
});
