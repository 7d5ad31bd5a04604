import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { countInstructions, readInstructions } from '../../../bench/measure/count-instructions.ts';

it('a count is read from what perf reports', () => {
  expect(readInstructions('828145329,,instructions,128926000,100.00,,\n')).toBe(828145329);
  expect(readInstructions('\n77,,instructions:u,5,100.00,2.1,insn per cycle\n')).toBe(77);
});

it.each([
  '',
  '<not supported>,,instructions,0,100.00,,\n',
  '<not counted>,,instructions,0,0.00,,\n',
  // The counter was shared, and this is an estimate.
  '828145329,,instructions,128926000,61.20,,\n',
])('what is no whole count is none: %s', (report) => {
  expect(readInstructions(report)).toBeNull();
});

it.skipIf(spawnSync('perf', ['stat', '-e', 'instructions', 'true']).status !== 0)(
  'more work is more instructions, and a count ends where it is asked for',
  async () => {
    const few = await countWhile(1e5);
    const many = await countWhile(1e8);
    expect(many).toBeGreaterThan(2 * few);
  },
);

async function countWhile(steps: number): Promise<number> {
  const count = await countInstructions(process.pid);
  let sum = 0;
  for (let step = 0; step < steps; step++) sum += step;
  const counted = await count?.stop();
  expect(sum).toBeGreaterThan(0);
  return counted ?? Number.NaN;
}
