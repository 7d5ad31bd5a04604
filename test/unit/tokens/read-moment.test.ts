import { expect, test } from 'vitest';
import { readMoment } from '../../../worker/tokens/read-moment.ts';

test.each([
  ['2026-11-21T21:45:00Z', '2026-11-21T21:45:00.000Z'],
  // Postgres knows offsets up to 15:59 alone.
  ['2026-01-01T00:00:00+23:00', '2025-12-31T01:00:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['0000-12-31T23:59:59Z', null],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ['9999-12-31T23:59:59-01:00', null],
  ['2026-13-01T00:00:00Z', null],
  ['yesterday', null],
])('%s is read as %s', (text, moment) => {
  expect(readMoment(text)).toBe(moment);
});
