import { expect, test } from 'vitest';
import { explainFailure } from '../../../worker/audit/sinks/explain-failure.ts';

test.each([
  ['http_302', 'webhook', 'a redirect, which is never followed'],
  ['http_301', 's3', 'in another region'],
  ['http_403', 'webhook', 'that it has the secret of this sink'],
  ['http_403', 's3', 'may not put there'],
  ['http_500', 'webhook', 'its own log says why'],
  ['http_418', 'webhook', 'It answered 418; 2xx alone means'],
  ['too_slow', 'webhook', 'answer as soon as it has the batch'],
  ['unreachable', 's3', 'its certificate is valid'],
  ['SignatureDoesNotMatch', 's3', 'end this sink and add one with the right one'],
  ['ResourceNotFoundException', 'cloudwatch', 'no such log group: make it'],
  ['SomethingNewException', 'cloudwatch', 'It answered SomethingNewException; 2xx'],
  ['constructor', 'cloudwatch', 'It answered constructor; 2xx'],
] as const)('%s of a %s says what to do', (reason, kind, sentence) => {
  expect(explainFailure(reason, kind)).toContain(sentence);
});
