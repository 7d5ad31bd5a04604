import { expect, it } from 'vitest';
import { progressLog } from '../../../executor/progress-log.ts';

const step = (done: number) => ({ done, total: null, message: 'é' });
const LINE = '{"at_ms":2,"done":1,"total":null,"message":"é"}\n';
const LINE_BYTES = Buffer.byteLength(LINE);

it('steps are kept as whole lines, with when they came', () => {
  const log = progressLog(2 * LINE_BYTES);
  log.add(step(1), 1.6);
  log.add(step(1), 2.4);
  expect(log.kept().toString()).toBe(LINE.repeat(2));
  expect(log.bytes).toBe(2 * LINE_BYTES);
});

it('one that does not fit ends what is kept, and all are counted', () => {
  const log = progressLog(2 * LINE_BYTES);
  log.add(step(1), 2);
  log.add({ ...step(1), message: 'x'.repeat(2 * LINE_BYTES) }, 2);
  const before = log.bytes;
  log.add(step(1), 2);
  expect(log.kept().toString()).toBe(LINE);
  expect(log.bytes).toBe(before + LINE_BYTES);
});
