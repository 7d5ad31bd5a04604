import { expect, test } from 'vitest';
import { PROTOCOL_VERSION, refuseVersion } from '../../../protocol/version.ts';

test.each([
  [PROTOCOL_VERSION, null],
  [PROTOCOL_VERSION - 1, null],
  [PROTOCOL_VERSION - 2, 'update this executor'],
  [0, 'update this executor'],
  [PROTOCOL_VERSION + 1, 'update the deployment first'],
  [Number.MAX_SAFE_INTEGER, 'update the deployment first'],
])('an executor that speaks %i is served, or told what to update', (version, told) => {
  const refused = refuseVersion(version);
  if (told === null) expect(refused).toBeNull();
  else expect(refused).toContain(told);
  // RFC 6455, section 5.5: what a close frame can say.
  expect(Buffer.byteLength(refused ?? '')).toBeLessThanOrEqual(123);
});
