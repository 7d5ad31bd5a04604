import { expect, test } from 'vitest';
import { hasLabels, labelsSchema, parseLabel } from '../../../protocol/labels.ts';

test.each<[string, unknown]>([
  ['region=eu', { region: 'eu' }],
  ['region=eu=west', null],
  ['region=', null],
  ['=eu', null],
  ['region', null],
  ['Region=eu', null],
  ['region=e u', null],
  ['region=eu\n', null],
  [`region=${'x'.repeat(64)}`, null],
  ['__proto__=x', null],
])('`%s` is read as %j', (text, label) => {
  expect(parseLabel(text)).toEqual(label);
});

test('an executor has at most sixteen labels', () => {
  const labels = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`l${n}`, 'x']));
  expect(labelsSchema.safeParse(labels(16)).success).toBe(true);
  expect(labelsSchema.safeParse(labels(17)).success).toBe(false);
});

test('who is asked for nothing has it; of several labels each counts', () => {
  expect(hasLabels({}, {})).toBe(true);
  expect(hasLabels({ region: 'eu', gpu: 'no' }, { region: 'eu' })).toBe(true);
  expect(hasLabels({ region: 'eu' }, { region: 'eu', gpu: 'no' })).toBe(false);
  expect(hasLabels({}, { constructor: 'x' })).toBe(false);
});
