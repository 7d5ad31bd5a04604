import { expect, test, vi } from 'vitest';
import type { Evidence } from '../../../cli/guarantees/collect-evidence.ts';
import { printVerdicts } from '../../../cli/guarantees/print-verdicts.ts';

test('a guarantee that a whole table of cases contradicts is told by ten of them', () => {
  let said = '';
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  const tests = Array.from({ length: 12 }, (_, n) => ({
    ...{ file: 'test/a.test.ts', name: `case ${n}`, durationMs: 1 },
    state: n === 0 ? ('passed' as const) : ('failed' as const),
  }));
  printVerdicts([{ id: 'G1', promise: 'It holds.', holds: false, tests, missing: [] }], {
    commit: null,
    modified: false,
  } as Evidence);
  written.mockRestore();
  expect(said.match(/failed: test\/a\.test\.ts: case \d+/g)).toHaveLength(10);
  expect(said).toContain('and 1 more; --out FILE has each of them');
});
