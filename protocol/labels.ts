import { z } from 'zod';

/**
 * Labels that an operator gives to a host, such as `region=eu`; a run may ask for them. `app.are_labels` in the
 * database holds the same rules.
 */
const LABELS_MAX = 16;
const NAME = /^[a-z][a-z0-9_.-]{0,39}$/;
const VALUE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

export const labelsSchema = z
  .record(z.string().regex(NAME), z.string().regex(VALUE))
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX, `at most ${LABELS_MAX} labels`);
export type Labels = Readonly<Record<string, string>>;

/** Whether `has` has all of `wanted`. */
export function hasLabels(has: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => has[name] === value);
}

/** `region=eu, gpu=none` */
export function describeLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

/** Reads `name=value`; null where it is no label. */
export function parseLabel(text: string): Labels | null {
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=');
  return NAME.test(name) && VALUE.test(value) ? { [name]: value } : null;
}
