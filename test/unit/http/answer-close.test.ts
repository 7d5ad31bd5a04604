import { expect, test } from 'vitest';
import { answerClose } from '../../../worker/http/answer-close.ts';

test.each([
  ['a normal end', 1000, 1000],
  ['that its peer goes away', 1001, 1001],
  ['a code of the application', 4001, 4001],
  ['no code', 1005, 1000],
  ['a connection that was cut', 1006, 1000],
  ['TLS that failed', 1015, 1000],
])('a close is answered by a code that may be sent: %s', (_said, code, sent) => {
  const codes: unknown[] = [];
  answerClose({ close: (...given) => void codes.push(...given) }, code);
  expect(codes).toEqual([sent]);
});
