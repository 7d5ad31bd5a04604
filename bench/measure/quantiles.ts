/** A sample of one measured thing, in the unit of its values. */
export interface Summary {
  readonly count: number;
  /** The best: what is left when nothing else wants the machine. */
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** The value at or below which the share `q` of the values lies (nearest rank); NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard error of the mean as a share of it; null of a single value, which tells nothing of the others. */
export function relativeError(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const center = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length) / center;
}

export function summarize(values: readonly number[]): Summary {
  return {
    count: values.length,
    min: rounded(quantile(values, 0)),
    p50: rounded(median(values)),
    p95: rounded(quantile(values, 0.95)),
    p99: rounded(quantile(values, 0.99)),
    max: rounded(quantile(values, 1)),
  };
}

/** Two decimals: more would claim a precision that no clock here has. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
